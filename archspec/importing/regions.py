"""Parts of a graph with one entry and one exit, which a block could stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, takewhile
from typing import TypeVar

from archspec.importing.graph import Graph, Node, Scope, users
from archspec.importing.matching import Key, Keys

T = TypeVar("T")

FRAMEWORKS = "torch.nn.", "keras."
"""The modules of frameworks, whose classes say nothing of what is in them."""


def beginning(lists: Sequence[Sequence[T]]) -> list[T]:
    """What all lists begin with."""
    steps = takewhile(lambda step: len(set(step)) == 1, zip(*lists, strict=False))
    return [first for first, *_ in steps]


MOST_ENTRIES = 4
"""Tensors that a block reads; a module with more of them is no block."""


@dataclass(frozen=True, eq=False)
class Region:
    """Nodes in order, of which only the first reads and only the last is read outside.

    `path` and `kind` are those of the module that it is, where it is one; `others` are
    what a module reads besides its source.
    """

    nodes: tuple[Node, ...]
    source: Node
    path: str = ""
    kind: str = ""
    others: tuple[Node, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<region {self.path or self.nodes[0].path} {self.kind} {len(self.nodes)}>"
        )

    @property
    def result(self) -> Node:
        """The node that others read."""
        return self.nodes[-1]

    @property
    def is_container(self) -> bool:
        """Whether its class is the framework's, and says nothing of what is in it."""
        return self.kind.startswith(FRAMEWORKS)

    @cached_property
    def isolated(self) -> list[Node]:
        """Copies of its nodes that read an input instead of what is before them."""
        known = {self.source: Node(None, (), self.source.shape)}
        for node in self.nodes:
            sources = tuple(known[source] for source in node.sources)
            known[node] = Node(node.op, sources, node.shape)
        return list(known.values())

    def signature(self, keys: Keys) -> Key:
        """Equal for regions that compute the same of tensors of one shape."""
        return keys.alone(self.isolated)


class Regions:
    """The regions of a graph."""

    def __init__(self, graph: Graph):
        self.nodes = graph.nodes
        self.places = {node: number for number, node in enumerate(graph.nodes)}
        self._users = users(graph)
        self._ends = set(graph.outputs.values())
        regions = self._modules()
        self.modules = [region for region in regions if not region.others]
        self.several = [region for region in regions if region.others]
        """Modules that read several tensors."""
        self._calls = Counter(region.path for region in regions)

    def region(
        self,
        nodes: Sequence[Node],
        path: str = "",
        kind: str = "",
        *,
        entries: int = 1,
    ) -> Region | None:
        """These nodes, in order, if they are a region with so many entries at most."""
        inside = set(nodes)
        found = (s for node in nodes for s in node.sources if s not in inside)
        first, *others = dict.fromkeys(found)
        is_seen = any(map(self._is_seen, nodes[:-1], [inside] * len(nodes)))
        if len(others) >= entries or is_seen:
            return None
        return Region(tuple(nodes), first, path, kind, tuple(others))

    def is_shared(self, region: Region) -> bool:
        """Whether it is one of several calls of a module."""
        return self._calls[region.path] > 1

    def is_shared_alone(self, region: Region) -> bool:
        """Whether it is, and not because a module around it is."""
        calls = self._calls[region.path]
        outer = accumulate(region.path.split(".")[:-1], "{}.{}".format)
        return calls > 1 and all(self._calls[path] != calls for path in outer)

    def _is_seen(self, node: Node, inside: set[Node]) -> bool:
        """Whether anything outside reads it."""
        return node in self._ends or any(
            user not in inside for user in self._users[node]
        )

    def _modules(self) -> list[Region]:
        """The modules that are regions of several nodes, outermost first."""
        members: dict[Scope, list[Node]] = {}
        for node in self.nodes:
            for scope in node.scopes:
                members.setdefault(scope, []).append(node)
        found = (
            self.region(nodes, scope.path, scope.kind, entries=MOST_ENTRIES)
            for scope, nodes in members.items()
            if len(nodes) > 1
        )
        regions = [region for region in found if region is not None]
        return sorted(regions, key=lambda r: (-len(r.nodes), r.is_container))

    def windows(self, nodes: Sequence[Node], longest: int) -> Iterator[Region]:
        """The regions of neighbours among nodes, of each start the longest first."""
        for start in range(len(nodes)):
            ends = range(min(len(nodes), start + longest), start + 1, -1)
            parts = filter(self._could_be, (nodes[start:end] for end in ends))
            yield from filter(None, map(self.region, parts))

    def _could_be(self, part: Sequence[Node]) -> bool:
        """Whether no node but the last is read from far away: a quick first look."""
        last = self.places[part[-1]]
        return all(
            user in self.places and self.places[user] <= last
            for node in part[:-1]
            for user in self._users[node]
        )
