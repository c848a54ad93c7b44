"""Which parts of a graph a spec says by one layer each: a block, or a single op."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from archspec.importing.draft import Said
from archspec.importing.graph import Node
from archspec.importing.library import Call, Library
from archspec.importing.regions import Region, Regions
from archspec.ops import JOINS


class Item(NamedTuple):
    """What becomes one layer: a region that is a call of a block, or one node."""

    nodes: tuple[Node, ...]
    call: Call | None = None
    path: str = ""

    @property
    def result(self) -> Node:
        """The node that others read."""
        return self.nodes[-1]

    @property
    def op(self) -> str:
        """The block or primitive that it is."""
        return self.call.block if self.call else self.result.name

    @property
    def entries(self) -> list[Node]:
        """What it reads: a block each tensor once, a join whatever it joins."""
        if self.call is None:
            return list(self.result.sources)
        inside = set(self.nodes)
        found = (s for node in self.nodes for s in node.sources if s not in inside)
        return list(dict.fromkeys(found))


def covered(
    regions: Regions, library: Library, without: Collection[str] = ()
) -> list[Item]:
    """All nodes as items, in order; `without` are blocks not to use."""
    cover = _Cover(regions)
    calls = _class_calls(regions.modules, library, without)
    for region in regions.modules:
        if region in calls and cover.is_free(region):
            cover.take(region, calls[region])
    for region in regions.windows(regions.nodes, library.longest):
        if not cover.is_free(region) or not library.possible(region.nodes):
            continue
        if cover.cut(region) and not has_join(region.nodes):
            continue
        if call := library.first(region, without):
            cover.take(region, call)
    return cover.items


def paired(items: Sequence[Item], regions: Regions, library: Library) -> list[Item]:
    """The items, neighbours as the block that calls both where there is one.

    A class of the source may be half of it, such as of a separable convolution.
    """
    wholes = {frozenset(p.passed): name for name, p in library.probes.items()}
    found: dict[Region, str] = {}
    number = 0
    while number + 1 < len(items):
        one, other = items[number : number + 2]
        block = wholes.get(frozenset((one.op, other.op)))
        region = regions.region([*one.nodes, *other.nodes]) if block else None
        if block and region and library.arguments(block, region) is not None:
            found[region] = block
        number += 1 + (region in found)
    calls: list[Item] = []
    for block in dict.fromkeys(found.values()):
        members = [region for region, own in found.items() if own == block]
        said = _alike(block, members, library)
        own = zip(members, said, strict=True)
        calls += [
            Item(each.nodes, Call(block, words), each.path) for each, words in own
        ]
    inside = {node for item in calls for node in item.nodes}
    others = [item for item in items if item.result not in inside]
    return sorted([*calls, *others], key=lambda item: regions.places[item.result])


class _Cover:
    """What is taken so far."""

    def __init__(self, regions: Regions):
        self._free = set(regions.nodes)
        self._places = regions.places
        self._taken: list[Item] = []
        self._modules: dict[Node, list[Region]] = {}
        self._spoilt: set[Region] = set()
        for module in regions.modules:
            for node in module.nodes:
                self._modules.setdefault(node, []).append(module)

    @property
    def items(self) -> list[Item]:
        """The regions that are taken, and the other nodes one by one."""
        rest = [Item((node,)) for node in self._free]
        return sorted([*self._taken, *rest], key=lambda i: self._places[i.result])

    def is_free(self, region: Region) -> bool:
        """Whether none of its nodes is taken."""
        return self._free.issuperset(region.nodes)

    def take(self, region: Region, call: Call) -> None:
        """Make a region a call."""
        self._free.difference_update(region.nodes)
        self._taken.append(Item(region.nodes, call, region.path))
        self._spoilt |= self.cut(region)

    def cut(self, region: Region) -> set[Region]:
        """The modules, still whole, of which it has a part, and something beside."""
        inside = set(region.nodes)
        touched = {m for node in region.nodes for m in self._modules.get(node, ())}
        return {
            module
            for module in touched - self._spoilt
            if not inside.issuperset(module.nodes) and not inside <= set(module.nodes)
        }


def _class_calls(
    modules: Iterable[Region], library: Library, without: Collection[str]
) -> dict[Region, Call]:
    """The call of each module that is a block: for all of a class one, if it can."""
    classes: dict[str, list[Region]] = {}
    for region in modules:
        classes.setdefault(region.kind, []).append(region)
    found: dict[Region, Call] = {}
    for kind, members in classes.items():
        choices = {
            region: [c for c in library.calls(region) if c.block not in without]
            for region in members
        }
        for block, those in _chosen(choices, kind).items():
            said = _alike(block, those, library)
            found |= {r: Call(block, own) for r, own in zip(those, said, strict=True)}
    return found


def _chosen(
    choices: Mapping[Region, Sequence[Call]], kind: str
) -> dict[str, list[Region]]:
    """The members of a class by the block that they are."""
    shared = _shared(list(choices.values()), kind)
    if shared is not None:
        return {shared: list(choices)}
    found: dict[str, list[Region]] = {}
    for region, calls in choices.items():
        named = [call for call in calls if _is_named(call.block, kind)]
        for call in (named or calls)[:1]:
            found.setdefault(call.block, []).append(region)
    return found


def _shared(choices: Sequence[Sequence[Call]], kind: str) -> str | None:
    """The block that every member of a class can be: its name's, or the shortest."""
    blocks = set[str].intersection(
        *({call.block for call in calls} for calls in choices)
    )
    said = {
        block: sum(len(c.said) for calls in choices for c in calls if c.block == block)
        for block in blocks
    }
    return min(
        sorted(said),
        key=lambda block: (not _is_named(block, kind), said[block]),
        default=None,
    )


def _is_named(block: str, kind: str) -> bool:
    """Whether a class has the name of a block."""
    return kind.rpartition(".")[2].lower() == block.replace("_", "")


def _alike(
    block: str, members: Sequence[Region], library: Library
) -> list[Mapping[str, Said]]:
    """What the members of a class say, by as few different arguments as can be."""
    without: set[str] = set()
    found = [library.arguments(block, region) or {} for region in members]
    for name in reversed(library.probes[block].arguments):
        fewer = {*without, name}
        is_said = any(name in own for own in found)
        if name in library.probes[block].required or not is_said:
            continue
        others = [library.arguments(block, region, fewer) for region in members]
        if all(o is not None for o in others) and _names(others) < _names(found):
            found, without = [dict(o or {}) for o in others], fewer
    said = {name for own in found for name in own}
    return [
        library.filled(block, region, own, said)
        for region, own in zip(members, found, strict=True)
    ]


def _names(found: Iterable[Mapping[str, Said] | None]) -> int:
    return len({name for own in found for name in own or ()})


def has_join(nodes: Iterable[Node]) -> bool:
    """Whether there is a structure among them."""
    return any(node.name in JOINS for node in nodes)
