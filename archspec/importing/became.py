"""What became of the modules of a source: which layers and blocks of the spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from archspec.importing.graph import Node, Scope
from archspec.importing.naming import SMALL
from archspec.importing.regions import FRAMEWORKS
from archspec.importing.trial import Accepted

MOST = 12
"""Layers that a summary lists."""


class Part(NamedTuple):
    """A layer of the spec, and the modules of the source that it was made of.

    Those are the outermost ones that are in it as a whole; `ops` are its op or block,
    or those of its rows, and `runs` is how often they run.
    """

    layer: str
    ops: tuple[str, ...]
    runs: int
    modules: tuple[str, ...]

    def __str__(self) -> str:
        first, *others = self.modules
        said = f"{first} to {others[-1]}" if others else first
        times = f"{self.runs} x " if self.runs > 1 else ""
        return f"{said} -> {self.layer}: {times}{' and '.join(self.ops)}"


class Became(NamedTuple):
    """The layers of a spec; for each block, how many modules of a class it was."""

    parts: tuple[Part, ...] = ()
    blocks: Mapping[str, Mapping[str, int]] = MappingProxyType({})

    @property
    def lines(self) -> list[str]:
        """A line for each layer, and one for all blocks."""
        uses = [
            f"{count} {kind} {'is' if count == 1 else 'are'} {block}"
            for block, kinds in self.blocks.items()
            if block not in SMALL
            for kind, count in kinds.items()
        ]
        more = len(self.parts) - MOST
        rest = [f"and {more} more layers"] if more > 0 else []
        blocks = [f"blocks: {', '.join(uses)}"] if uses else []
        return [*map(str, self.parts[:MOST]), *rest, *blocks]

    def document(self) -> dict[str, Any]:
        """Plain data."""
        parts = {
            part.layer: {"ops": list(part.ops), "modules": list(part.modules)}
            for part in self.parts
        }
        return {"layers": parts, "blocks": {n: dict(k) for n, k in self.blocks.items()}}


def became(found: Accepted) -> Became:
    """What the modules of a source became in its spec; nothing if that is flat."""
    if found.is_flat:
        return Became()
    network, sources = found.network, found.sources
    within: dict[str, list[Node]] = {}
    paths = (layer.path for layer in network.layers if layer.path in sources)
    for words, node in ((path.split("."), sources[path]) for path in paths):
        for length in range(1, len(words) + 1):
            within.setdefault(".".join(words[:length]), []).append(node)
    sizes = Counter(scope for node in sources.values() for scope in node.scopes)
    parts = (
        Part(
            name,
            tuple(dict.fromkeys(step.op for step in steps)),
            len(steps),
            tuple(dict.fromkeys(m.path for m in _whole(within.get(name, ()), sizes))),
        )
        for name, steps in network.root.steps.items()
    )
    blocks: dict[str, Counter[str]] = {}
    for use in network.root.walk():
        nodes = within.get(use.path, ())
        modules = _whole(nodes, sizes)
        is_one = len(modules) == 1 and sizes[modules[0]] == len(nodes)
        if use.block is None or not is_one:
            continue
        kind = modules[0].kind
        if kind and not kind.startswith(FRAMEWORKS):
            own = blocks.setdefault(use.block, Counter())
            own[kind.rpartition(".")[2]] += 1
    return Became(tuple(part for part in parts if part.modules), blocks)


def _whole(nodes: Sequence[Node], sizes: Mapping[Scope, int]) -> list[Scope]:
    """The outermost modules of which all nodes are among these."""
    inside = Counter(scope for node in nodes for scope in node.scopes)
    outer = (
        next((s for s in node.scopes if inside[s] == sizes[s]), None) for node in nodes
    )
    return list(dict.fromkeys(scope for scope in outer if scope is not None))
