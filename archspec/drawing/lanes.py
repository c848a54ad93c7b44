"""In which row and lane each node of a graph stands.

Rows go down: a node is below all that it reads. Lanes go to the right: in a network
that returns to finer resolutions, such as a feature pyramid, each resolution has one;
in any other graph a chain of layers has one, and so have the branches beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

from archspec.drawing.diagram import Graph

ENOUGH_JOINS = 2
"""Tensors of several sources, from which on lanes are resolutions."""


class Cell(NamedTuple):
    """A place in the grid of a graph."""

    row: int
    lane: int


def cells(graph: Graph, *, is_network: bool) -> list[Cell]:
    """The place of each node, by number."""
    count = len(graph.nodes)
    sources: dict[int, list[int]] = {node: [] for node in range(count)}
    for wire in graph.wires:
        sources[wire.target].append(wire.source)
    lanes = _resolutions(graph, sources) if is_network else None
    if lanes is None:
        lanes = _chains(graph, sources)
    rows: list[int] = []
    last: dict[int, int] = {}
    for node in range(count):
        above = [rows[source] for source in sources[node]]
        row = max([last.get(lanes[node], -1), *above]) + 1
        rows.append(row)
        last[lanes[node]] = row
    return list(map(Cell, rows, lanes))


def _resolutions(graph: Graph, sources: Mapping[int, list[int]]) -> list[int] | None:
    """Lanes by resolution; None unless the network returns to several finer ones."""
    areas = _areas(graph, sources)
    boxes = range(len(graph.inputs), len(graph.inputs) + len(graph.boxes))
    joins = sum(len(sources[node]) > 1 for node in boxes)
    finest, least = 0, areas[0]
    for node in boxes:
        finest = max(finest, areas[node]) if areas[node] > least else finest
        least = min(least, areas[node])
    if joins < ENOUGH_JOINS or not finest:
        return None
    levels = sorted({min(area, finest) for area in areas}, reverse=True)
    return [levels.index(min(area, finest)) for area in areas]


def _areas(graph: Graph, sources: Mapping[int, list[int]]) -> list[int]:
    """The positions of each feature map; what is none has those of its source."""
    areas: list[int] = []
    shapes = [
        getattr(n, "output", None) or getattr(n, "shape", ()) for n in graph.nodes
    ]
    for node, shape in enumerate(shapes):
        area = prod(shape[1:]) if len(shape) == 3 else 1
        before = [areas[source] for source in sources[node]]
        areas.append(area if area > 1 or not before else min(before))
    return areas


def _chains(graph: Graph, sources: Mapping[int, list[int]]) -> list[int]:
    """Lanes by chains: of what reads a tensor, the longest way on keeps its lane."""
    count = len(graph.nodes)
    readers: dict[int, list[int]] = {node: [] for node in range(count)}
    for wire in graph.wires:
        readers[wire.source].append(wire.target)
    way = [0] * count
    for node in reversed(range(count)):
        way[node] = 1 + max((way[reader] for reader in readers[node]), default=0)
    heirs = {
        node: max(found, key=way.__getitem__, default=-1)
        for node, found in readers.items()
    }
    lanes: list[int] = []
    ends: dict[int, int] = {}
    for node in range(count):
        own = [lanes[s] for s in sources[node] if heirs[s] == node]
        lane = min(own) if own else _free(lanes, ends, readers, sources[node], node)
        lanes.append(lane)
        ends[lane] = node
    return lanes


def _free(
    lanes: Sequence[int],
    ends: Mapping[int, int],
    readers: Mapping[int, list[int]],
    sources: Sequence[int],
    node: int,
) -> int:
    """The first lane to the right of a source whose last tensor has been read."""
    lane = min((lanes[source] for source in sources), default=-1) + 1
    while lane in ends and any(reader >= node for reader in readers[ends[lane]]):
        lane += 1
    return lane
