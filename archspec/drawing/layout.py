"""Where the nodes and wires of a graph stand: a column, with lanes beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from archspec.drawing.diagram import Box, Graph, Mark, Wire
from archspec.drawing.grid import LABEL, Grid
from archspec.drawing.lanes import Cell, cells
from archspec.drawing.nodes import NOTE, looks, shown
from archspec.drawing.routes import Route, routes
from archspec.drawing.scene import Line, Point, Scene, Text
from archspec.ops.shapes import Shape

MANY_LANES = 2
"""Beside the first; boxes of so many lanes are narrow, of two lines."""
PORT = 12
"""Between wires that enter a node from above."""
SIDE = 6
"""Between those that enter it from the side."""
ASIDE = 4
"""From the middle, where others leave the same gutter to the other side."""


def layout(
    graph: Graph,
    *,
    is_network: bool = False,
    percents: Mapping[int, str] | None = None,
    bars: Mapping[int, float] | None = None,
) -> Scene:
    """Lay a graph out.

    `percents` and `bars` show what nodes cost, by number. The graph of a network has
    all shapes, that of a block those that change.
    """
    return _Layout(graph, is_network, percents or {}, bars or {}).scene()


def shape_text(shape: Shape) -> str:
    """The shape of a tensor, channels first."""
    return "\N{MULTIPLICATION SIGN}".join(map(str, shape))


def _shapes(wire: Wire) -> str:
    """The shape of a wire, and of two networks what it was."""
    shape = shape_text(wire.shape)
    if wire.was is None or wire.was == wire.shape:
        return shape
    return f"{shape_text(wire.was)} \N{RIGHTWARDS ARROW} {shape}"


class _Layout:
    def __init__(
        self,
        graph: Graph,
        is_network: bool,
        percents: Mapping[int, str],
        bars: Mapping[int, float],
    ):
        self.graph = graph
        self.is_network = is_network
        self.bars = bars
        self.cells = cells(graph, is_network=is_network)
        self.routes = routes(graph, self.cells)
        is_flat = max(cell.lane for cell in self.cells) < MANY_LANES
        self.looks = looks(graph, percents, is_flat=is_flat)
        self.grid = Grid(self.cells, self.looks, self.labels, self.routes)
        pairs = zip(self.cells, self.looks, strict=True)
        self.areas = [self.grid.area(cell, look) for cell, look in pairs]

    @cached_property
    def labels(self) -> dict[int, str]:
        """The shape of what each node puts out, unless that is what it reads."""
        read: dict[int, set[str]] = defaultdict(set)
        for wire in self.graph.wires:
            read[wire.target].add(_shapes(wire))
        return {
            wire.source: _shapes(wire)
            for wire in self.graph.wires
            if self.is_network or read[wire.source] != {_shapes(wire)}
        }

    def scene(self) -> Scene:
        nodes = [
            shown(node, self.looks[n], self.areas[n], self.bars.get(n, 0))
            for n, node in enumerate(self.graph.nodes)
        ]
        marks: dict[tuple[int, int], Mark] = {
            (wire.source, wire.target): wire.mark for wire in self.graph.wires
        }
        lines = [
            Line(
                [*self._points(route)],
                self._is_optional(route),
                marks[route.source, route.target],
            )
            for route in self.routes.wires
        ]
        labels = [self._label(*pair) for pair in self.labels.items()]
        return Scene(self.grid.width, self.grid.height, nodes, lines, labels)

    def _label(self, node: int, text: str) -> Text:
        area = self.areas[node]
        x, y = area.middle[0] + LABEL, area.bottom + 11
        return Text(text, x, y, NOTE, style="muted")

    def _is_optional(self, route: Route) -> bool:
        node = self.graph.nodes[route.target]
        return route.gutter is not None and isinstance(node, Box) and node.optional

    def _points(self, route: Route) -> Iterator[Point]:
        start, end = self.areas[route.source], self.areas[route.target]
        x = start.middle[0]
        yield x, start.bottom
        if route.turn is None:
            yield x, end.y
            return
        y = self.grid.channel_y(route.turn, self.routes.channels, route.key)
        yield x, y
        if route.gutter is None:
            port = end.middle[0] + self.ports.get((route.source, route.target), 0)
            yield port, y
            yield port, end.y
            return
        beside = self.grid.gutter_x(route.gutter, self.routes.gutters, route.key)
        side = end.middle[1] + self.sides[route.source, route.target]
        yield beside, y
        yield beside, side
        yield (end.x if beside < end.x else end.right), side

    @cached_property
    def ports(self) -> dict[tuple[int, int], float]:
        """Where turning wires enter nodes from above, from the middle."""
        arriving: dict[int, list[Route]] = defaultdict(list)
        for route in self.routes.wires:
            if route.gutter is None:
                arriving[route.target].append(route)
        return {
            (source, target): port
            for target, wires in arriving.items()
            if self._is_crowded(target, wires)
            for source, port in self._beside(target, wires).items()
        }

    def _is_crowded(self, target: int, wires: list[Route]) -> bool:
        """Whether a turning wire cannot enter a node in its middle.

        Wires into a join meet there, unless another one starts above it.
        """
        row, lane = self.cells[target]
        if target not in self.routes.joins:
            return len(wires) > 1 or Cell(row - 1, lane) in self.routes.taken
        turning = [
            (r.key, self.routes.channels[r.turn]) for r in wires if r.turn is not None
        ]
        return any(channel.rises(lane, key) for key, channel in turning)

    def _beside(self, target: int, wires: list[Route]) -> dict[int, float]:
        """Where wires from other lanes enter a node, from its middle."""
        own, is_join = self.cells[target].lane, target in self.routes.joins
        half = self.areas[target].width / 2
        found: dict[int, float] = {}
        away = {r.source: self.cells[r.source].lane - own for r in wires}
        for side in (-1, 1):
            beside = [source for source, lanes in away.items() if lanes * side > 0]
            beside.sort(key=lambda source: abs(away[source]))
            step = min(PORT, half / (len(beside) + 1))
            for number, source in enumerate(beside, 1):
                found[source] = side * step * (1 if is_join else number)
        return found

    @cached_property
    def sides(self) -> dict[tuple[int, int], float]:
        """Where wires from gutters enter nodes, from the middle."""
        arriving: dict[tuple[int, int], list[Route]] = defaultdict(list)
        for route in self.routes.wires:
            if route.gutter is not None:
                arriving[route.target, route.gutter].append(route)
        return {
            (route.source, route.target): SIDE * (number - (len(wires) - 1) / 2) + aside
            for (target, gutter), wires in arriving.items()
            for aside in [self._aside(target, gutter, arriving)]
            for number, route in enumerate(wires)
        }

    def _aside(
        self, target: int, gutter: int, arriving: Iterable[tuple[int, int]]
    ) -> float:
        """How far wires avoid those that leave the gutter to the other side."""
        row, lane = self.cells[target]
        rows = [self.cells[other].row for other, own in arriving if own == gutter]
        if rows.count(row) < 2:
            return 0
        return ASIDE if lane < gutter else -ASIDE
