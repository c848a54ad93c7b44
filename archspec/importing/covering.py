"""Which parts of a graph a spec says by one layer each: a block, or a single op."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def covered(regions: Regions, library: Library) -> list[Item]:
    """All nodes as items, in order."""
    free = set(regions.nodes)
    found: list[Item] = []

    def take(region: Region, call: Call) -> None:
        free.difference_update(region.nodes)
        found.append(Item(region.nodes, call, region.path))

    calls = _class_calls(regions.modules, library)
    for region in regions.modules:
        if region in calls and free.issuperset(region.nodes):
            take(region, calls[region])
    nodes = [node for node in regions.nodes]
    for region in regions.windows(nodes, library.longest):
        if not free.issuperset(region.nodes) or not library.possible(region.nodes):
            continue
        whole = (m for m in regions.modules if free.issuperset(m.nodes))
        if _cuts(region, whole) and not _has_join(region.nodes):
            continue
        if choice := library.calls(region):
            take(region, choice[0])
    found += [Item((node,)) for node in free]
    return sorted(found, key=lambda item: regions.places[item.result])


def _class_calls(modules: Iterable[Region], library: Library) -> dict[Region, Call]:
    """The call of each module that is a block: one block for all of a class, if it can."""
    classes: dict[str, list[Region]] = {}
    for region in modules:
        classes.setdefault(region.kind, []).append(region)
    found: dict[Region, Call] = {}
    for members in classes.values():
        choices = {region: library.calls(region) for region in members}
        shared = _shared([calls for calls in choices.values()])
        for region, calls in choices.items():
            own = [call for call in calls if call.block == shared] or calls
            if own:
                found[region] = own[0]
    return found


def _shared(choices: Sequence[Sequence[Call]]) -> str | None:
    """The block that every member of a class can be, with the fewest arguments."""
    blocks = set[str].intersection(
        *({call.block for call in calls} for calls in choices)
    )
    said = {
        block: sum(len(c.said) for calls in choices for c in calls if c.block == block)
        for block in blocks
    }
    return min(sorted(said), key=said.__getitem__, default=None)


def _cuts(region: Region, modules: Iterable[Region]) -> bool:
    """Whether it has a part of a module, and something beside that module."""
    inside = set(region.nodes)
    for module in modules:
        common = inside.intersection(module.nodes)
        if common and len(common) < len(inside) and len(common) < len(module.nodes):
            return True
    return False


def _has_join(nodes: Iterable[Node]) -> bool:
    return any(node.name in JOINS for node in nodes)


__all__ = ["Item", "Said", "covered"]
