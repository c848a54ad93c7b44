"""The frames of blocks, and how they are packed beside the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from archspec.analysis.table import one_line
from archspec.drawing.diagram import Inset
from archspec.drawing.layout import layout
from archspec.drawing.nodes import NOTE
from archspec.drawing.scene import Area, Scene, Text
from archspec.drawing.text import fitted, width, wrapped

BETWEEN = 16
"""Between frames."""
INSIDE = 14
LEAST, MOST = 150, 260
"""The width of a frame's content: at least, and at most for its title."""
LINES = 3
"""Of a block's summary."""


@dataclass(frozen=True)
class Panel:
    """A block in its frame."""

    inset: Inset
    area: Area
    texts: Sequence[Text]
    scene: Scene

    def moved(self, x: float, y: float) -> Panel:
        """The same at another place."""
        texts = Scene(0, 0, labels=self.texts).moved(x, y).labels
        return Panel(self.inset, self.area.moved(x, y), texts, self.scene.moved(x, y))

    def widened(self, wide: float, high: float) -> Panel:
        """The same in a larger frame, the graph in the middle of its width."""
        beside = (wide - self.area.width) / 2
        area = self.area._replace(width=wide, height=high)
        return replace(self, area=area, scene=self.scene.moved(beside, 0))


def panel(inset: Inset) -> Panel:
    """A block in its frame, at the top left."""
    scene = layout(inset.graph)
    title = width(inset.block, 12, bold=True)
    inner = max(scene.width, min(title, MOST), LEAST)
    texts = [Text(fitted(inset.block, inner, 12, bold=True), INSIDE, 24, 12, bold=True)]
    notes = wrapped(one_line(inset.summary), inner, NOTE, LINES)
    notes.append(fitted(f"shapes of {inset.example}", inner, NOTE))
    for number, note in enumerate(notes, 1):
        texts.append(Text(note, INSIDE, 24 + 13 * number, NOTE, style="muted"))
    y = 24 + 13 * len(notes) + 14
    area = Area(0, 0, inner + 2 * INSIDE, y + scene.height + INSIDE)
    return Panel(inset, area, texts, scene.moved(INSIDE + (inner - scene.width) / 2, y))


def packed(panels: Sequence[Panel], room: float) -> Iterator[Panel]:
    """The panels in columns of this height, each of shelves that fill its width."""
    x = 0.0
    for shelves in _columns(panels, room):
        wide = max(_width(shelf) for shelf in shelves)
        y = 0.0
        for shelf in shelves:
            yield from _shelved(shelf, wide, x, y)
            y += _height(shelf) + BETWEEN
        x += wide + BETWEEN


def _columns(panels: Sequence[Panel], room: float) -> list[list[list[Panel]]]:
    columns: list[list[list[Panel]]] = []
    for panel in panels:
        shelves = columns[-1] if columns else []
        wide = max((_width(shelf) for shelf in shelves), default=0)
        used = sum(_height(shelf) + BETWEEN for shelf in shelves)
        if shelves and _fits(panel, shelves[-1], wide):
            shelves[-1].append(panel)
        elif shelves and used + panel.area.height <= room:
            shelves.append([panel])
        else:
            columns.append([[panel]])
    return columns


def _fits(panel: Panel, shelf: Sequence[Panel], wide: float) -> bool:
    """Whether a panel has room beside others, and is hardly higher."""
    is_low = panel.area.height <= 1.2 * _height(shelf)
    return is_low and _width([*shelf, panel]) <= wide


def _width(shelf: Sequence[Panel]) -> float:
    return sum(p.area.width for p in shelf) + BETWEEN * (len(shelf) - 1)


def _height(shelf: Sequence[Panel]) -> float:
    return max(panel.area.height for panel in shelf)


def _shelved(
    shelf: Sequence[Panel], wide: float, x: float, y: float
) -> Iterator[Panel]:
    """The panels of a shelf, side by side, with what is left of the width."""
    more = (wide - _width(shelf)) / len(shelf)
    for panel in shelf:
        own = panel.area.width + more
        yield panel.widened(own, _height(shelf)).moved(x, y)
        x += own + BETWEEN
