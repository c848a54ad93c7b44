"""The ways of wires between the cells of a grid, along channels and gutters.

Channel r lies below row r, gutter g to the left of lane g. A way is straight down its
lane, or turns once into another lane, or goes round the nodes in its way through a
gutter and enters its target from the side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from archspec.drawing.diagram import Graph
from archspec.drawing.lanes import Cell

Key = tuple[str, int]
"""Whose track it is: wires from one source, or into one target."""


class Route(NamedTuple):
    """A wire's way: `turn` is the channel where it goes sideways, `gutter` follows."""

    source: int
    target: int
    turn: int | None = None
    key: Key = ("", 0)
    gutter: int | None = None


@dataclass
class Tracks:
    """Parallel ways in a channel or gutter: an extent and a track for each key."""

    extents: dict[Key, list[int]] = field(default_factory=dict[Key, list[int]])
    risers: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    drops: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    track: dict[Key, int] = field(default_factory=dict[Key, int])

    def add(self, key: Key, *ends: int) -> None:
        """Widen the extent of a key to these ends."""
        found = [*self.extents.get(key, ()), *ends]
        self.extents[key] = [min(found), max(found)]

    def rises(self, lane: int, key: Key) -> bool:
        """Whether wires of another key come from above in a lane."""
        return any(lane in found for k, found in self.risers.items() if k != key)

    @property
    def count(self) -> int:
        """How many tracks there are, once they are assigned."""
        return max(self.track.values(), default=-1) + 1

    def assign(self, keys: Iterable[Key]) -> None:
        """Give each key the first track that is free along its extent.

        A key whose wires come from above in some lane is above one whose go down there.
        """
        for key in keys:
            first, last = self.extents[key]
            crossed = [k for k in self.track if self.risers[k] & self.drops[key]]
            least = max((self.track[k] + 1 for k in crossed), default=0)
            beside = {
                self.track[other]
                for other in self.track
                if self.extents[other][0] <= last and first <= self.extents[other][1]
            }
            tracks = range(least, least + len(beside) + 1)
            self.track[key] = next(n for n in tracks if n not in beside)

    def downwards(self) -> list[Key]:
        """The keys, each after those that must be above it, as far as possible."""
        found: dict[Key, None] = {}

        waiting = [*reversed(self.extents)]
        opened: set[Key] = set()
        while waiting:
            key = waiting[-1]
            above = [] if key in opened else self._above(key)
            opened.add(key)
            waiting += [other for other in above if other not in opened]
            if key == waiting[-1]:
                found.setdefault(waiting.pop())
        return [*found]

    def _above(self, key: Key) -> list[Key]:
        drops = self.drops[key]
        return [k for k in self.extents if k != key and self.risers[k] & drops]


@dataclass
class Routes:
    """The ways of all wires of a graph."""

    wires: list[Route]
    channels: Mapping[int, Tracks]
    gutters: Mapping[int, Tracks]
    taken: Container[Cell]
    joins: Container[int]


def routes(graph: Graph, cells: Sequence[Cell]) -> Routes:
    """Find a way for each wire; straight ones first."""
    return _Router(graph, cells).routes()


class _Router:
    def __init__(self, graph: Graph, cells: Sequence[Cell]):
        self.graph = graph
        self.cells = cells
        self.taken: dict[Cell, int] = dict.fromkeys(cells, -1)
        self.channels: dict[int, Tracks] = defaultdict(Tracks)
        self.gutters: dict[int, Tracks] = defaultdict(Tracks)
        count = len(graph.inputs)
        self.joins = {
            number
            for number, box in enumerate(graph.boxes, count)
            if box.family == "join"
        }

    def routes(self) -> Routes:
        ends = sorted(
            ((w.source, w.target) for w in self.graph.wires), key=self._effort
        )
        found = [self._route(*pair) for pair in ends]
        for channel in self.channels.values():
            channel.assign(channel.downwards())
        for gutter in self.gutters.values():
            extents = gutter.extents
            gutter.assign(sorted(extents, key=lambda k: extents[k][1] - extents[k][0]))
        return Routes(found, self.channels, self.gutters, self.taken, self.joins)

    def _effort(self, ends: tuple[int, int]) -> tuple[int, int]:
        one, other = (self.cells[end] for end in ends)
        return abs(one.lane - other.lane), other.row - one.row

    def _route(self, source: int, target: int) -> Route:
        start, end = self.cells[source], self.cells[target]
        rows = range(start.row + 1, end.row)
        straight = self._take(source, (Cell(row, start.lane) for row in rows))
        if start.lane == end.lane:
            return Route(source, target) if straight else self._round(source, target)
        if straight:
            key = ("into", target) if target in self.joins else ("from", source)
            return self._turn(source, target, end.row - 1, key)
        if self._take(source, (Cell(row, end.lane) for row in rows)):
            return self._turn(source, target, start.row, ("from", source))
        return self._round(source, target)

    def _take(self, source: int, way: Iterable[Cell]) -> bool:
        """Reserve the cells of a way, unless one is taken by something else."""
        found = list(way)
        if any(self.taken.get(cell, source) != source for cell in found):
            return False
        self.taken |= dict.fromkeys(found, source)
        return True

    def _turn(self, source: int, target: int, number: int, key: Key) -> Route:
        lanes = self.cells[source].lane, self.cells[target].lane
        channel = self.channels[number]
        channel.add(key, *(2 * lane + 1 for lane in lanes))
        channel.risers[key].add(lanes[0])
        if target in self.joins:  # wires enter others beside the middle
            channel.drops[key].add(lanes[1])
        return Route(source, target, number, key)

    def _round(self, source: int, target: int) -> Route:
        start, end = self.cells[source], self.cells[target]
        gutter = end.lane if start.lane < end.lane else end.lane + 1
        key = ("from", source)
        channel = self.channels[start.row]
        channel.add(key, 2 * start.lane + 1, 2 * gutter)
        channel.risers[key].add(start.lane)
        self.gutters[gutter].add(key, 2 * start.row + 1, 2 * end.row)
        return Route(source, target, start.row, key, gutter)
