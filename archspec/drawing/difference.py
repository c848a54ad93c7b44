"""What is drawn of two networks: one diagram, in which their differences are marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import repeat, zip_longest

from archspec.analysis.comparison import changes
from archspec.drawing.diagram import (
    ADDED,
    CHANGED,
    REMOVED,
    Box,
    Diagram,
    Graph,
    Inset,
    Mark,
    Port,
    Wire,
    diagram,
)
from archspec.network import Network

Ends = tuple[int, int]


def difference(one: Network, other: Network) -> Diagram:
    """The diagram of the other network, with what only the first has.

    Rows belong together if they have the same name, as in `archspec compare --layers`;
    they are changed if one of their layers is.
    """
    before, after = diagram(one), diagram(other)
    changed = {change.path for change in changes(one, other)}
    graph = _merged(before.graph, after.graph, changed)
    return Diagram(other, graph, [*_insets(before.insets, after.insets)], one)


def _insets(before: Sequence[Inset], after: Sequence[Inset]) -> Iterator[Inset]:
    """The blocks of both, those of the other network first."""
    for block in dict.fromkeys(inset.block for inset in (*after, *before)):
        old = [inset for inset in before if inset.block == block]
        new = [inset for inset in after if inset.block == block]
        pairs = zip_longest(old, new)
        yield from (inset for pair in pairs if (inset := _inset(*pair)))


def _inset(old: Inset | None, new: Inset | None) -> Inset | None:
    if old and new:
        return replace(new, graph=_merged(old.graph, new.graph, set()))
    if old:
        return _alone(old, REMOVED)
    return _alone(new, ADDED) if new else None


def _alone(inset: Inset, mark: Mark) -> Inset:
    boxes = [replace(box, mark=mark) for box in inset.graph.boxes]
    wires = [wire._replace(mark=mark) for wire in inset.graph.wires]
    return replace(inset, graph=replace(inset.graph, boxes=boxes, wires=wires))


def _merged(before: Graph, after: Graph, changed: set[str]) -> Graph:
    """The union of two graphs; `changed` are paths of layers that differ."""
    inputs = _ports(before.inputs, after.inputs)
    boxes = [*_boxes(before.boxes, after.boxes, changed)]
    outputs = _ports(before.outputs, after.outputs)
    union = Graph(inputs, boxes, outputs, [])
    old, new = _wires(before, union, ADDED), _wires(after, union, REMOVED)
    ends = {**new, **old}
    wires = [_wire(pair, old.get(pair), new.get(pair)) for pair in ends]
    return replace(union, wires=wires)


def _ports(before: Sequence[Port], after: Sequence[Port]) -> list[Port]:
    """The ports of both, by their names."""
    names = [{port.name for port in ports} for ports in (before, after)]
    own = [p if p.name in names[0] else p._replace(mark=ADDED) for p in after]
    return [*own, *(p._replace(mark=REMOVED) for p in before if p.name not in names[1])]


def _boxes(
    before: Sequence[Box], after: Sequence[Box], changed: set[str]
) -> Iterator[Box]:
    names = [[box.name for box in boxes] for boxes in (before, after)]
    matcher = SequenceMatcher(None, *names, autojunk=False)
    for kind, start, end, later_start, later_end in matcher.get_opcodes():
        old, new = before[start:end], after[later_start:later_end]
        if kind == "equal":
            yield from map(_both, old, new, repeat(changed))
            continue
        yield from (replace(box, mark=REMOVED) for box in old)
        yield from (replace(box, mark=ADDED) for box in new)


def _both(was: Box, box: Box, changed: set[str]) -> Box:
    is_changed = (was.title, was.details) != (box.title, box.details)
    inner = (path for path in changed if f"{path}.".startswith(f"{box.name}."))
    mark = CHANGED if is_changed or any(inner) else ""
    return replace(box, mark=mark, was=was)


def _wires(graph: Graph, union: Graph, missing: Mark) -> dict[Ends, Wire]:
    """The wires of a graph by their ends in the union of both."""
    places = {
        key: number
        for number, (key, node) in enumerate(_keyed(union))
        if node.mark != missing
    }
    numbers = [places[key] for key, _ in _keyed(graph)]
    return {(numbers[w.source], numbers[w.target]): w for w in graph.wires}


def _keyed(graph: Graph) -> Iterator[tuple[tuple[str, str], Port | Box]]:
    """The nodes, each with what tells it from the others."""
    yield from ((("input", port.name), port) for port in graph.inputs)
    yield from ((("box", box.name), box) for box in graph.boxes)
    yield from ((("output", port.name), port) for port in graph.outputs)


def _wire(ends: Ends, old: Wire | None, new: Wire | None) -> Wire:
    if new is None:
        return Wire(*ends, old.shape if old else (), REMOVED)
    if old is None:
        return Wire(*ends, new.shape, ADDED)
    return Wire(*ends, new.shape, "", old.shape)
