"""The sizes of lanes, gutters, rows and channels, and so where they begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from archspec.drawing.lanes import Cell
from archspec.drawing.nodes import NOTE, Look
from archspec.drawing.routes import Key, Routes, Tracks
from archspec.drawing.scene import Area
from archspec.drawing.text import width

GUTTER = 22
"""Between lanes without wires."""
TRACK = 9
"""Between parallel wires."""
ABOVE, LABELLED = 5, 15
"""From a row to the first track below it, without and with shapes."""
ARROW = 12
BESIDE = 13
"""From a lane to the first track of the gutter beside it."""
LABEL = 5
"""From a wire to the shape beside it."""


class Grid:
    """The lanes and rows of a graph in pixels."""

    def __init__(
        self,
        cells: Sequence[Cell],
        looks: Sequence[Look],
        labels: Mapping[int, str],
        routes: Routes,
    ):
        lanes = [0.0] * (max(cell.lane for cell in cells) + 1)
        rows = [0.0] * (max(cell.row for cell in cells) + 1)
        above = [float(ABOVE)] * len(rows)
        for number, (cell, look) in enumerate(zip(cells, looks, strict=True)):
            rows[cell.row] = max(rows[cell.row], look.height)
            beside = width(labels[number], NOTE) + LABEL + 3 if number in labels else 0
            lanes[cell.lane] = max(lanes[cell.lane], look.width, 2 * beside)
            above[cell.row] = LABELLED if number in labels else above[cell.row]
        gutters = [self._gutter(g, len(lanes), routes) for g in range(len(lanes) + 1)]
        channels = [
            first + _count(routes.channels, row) * TRACK + ARROW
            for row, first in enumerate(above)
        ]
        channels[-1] = 0
        self._above = above
        self._lanes, self._rows = lanes, rows
        widths = [gutters[0]]
        for lane, gutter in zip(lanes, gutters[1:], strict=True):
            widths += [lane, gutter]
        heights = [h for pair in zip(rows, channels, strict=True) for h in pair]
        self._x = [*accumulate(widths, initial=0.0)]
        self._y = [*accumulate(heights, initial=0.0)]

    @staticmethod
    def _gutter(number: int, lanes: int, routes: Routes) -> float:
        tracks = _count(routes.gutters, number)
        needed = tracks * TRACK + BESIDE if tracks else 0
        return needed if number in (0, lanes) else max(GUTTER, needed)

    @property
    def width(self) -> float:
        """That of all lanes and gutters."""
        return self._x[-1]

    @property
    def height(self) -> float:
        """That of all rows and channels."""
        return self._y[-1]

    def area(self, cell: Cell, look: Look) -> Area:
        """The area of a node, in the middle of its cell."""
        left = self._x[2 * cell.lane + 1] + (self._lanes[cell.lane] - look.width) / 2
        top = self._y[2 * cell.row] + (self._rows[cell.row] - look.height) / 2
        return Area(left, top, look.width, look.height)

    def channel_y(self, row: int, channels: Mapping[int, Tracks], key: Key) -> float:
        """The height of a track below a row."""
        first = self._y[2 * row + 1] + self._above[row] + TRACK / 2
        return first + channels[row].track[key] * TRACK

    def gutter_x(self, number: int, gutters: Mapping[int, Tracks], key: Key) -> float:
        """Where a track of a gutter is."""
        return self._x[2 * number] + BESIDE + gutters[number].track[key] * TRACK


def _count(tracks: Mapping[int, Tracks], number: int) -> int:
    return tracks[number].count if number in tracks else 0
