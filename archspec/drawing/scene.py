"""Boxes, texts and lines at their places, in pixels from the top left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from archspec.drawing.diagram import Box, Mark, Port
from archspec.drawing.text import width

Point = tuple[float, float]


class Area(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2

    def moved(self, x: float, y: float) -> Area:
        return self._replace(x=self.x + x, y=self.y + y)


@dataclass(frozen=True)
class Text:
    """A line of text; `x` is its start or, by `anchor`, its middle or end."""

    text: str
    x: float
    y: float
    """Of its baseline."""
    size: float
    bold: bool = False
    style: str = "ink"
    anchor: str = "start"

    @property
    def area(self) -> Area:
        """The room that it takes."""
        wide = width(self.text, self.size, bold=self.bold)
        start = {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return Area(self.x - start, self.y - 0.8 * self.size, wide, self.size)


@dataclass(frozen=True)
class Shown:
    """A node where it stands, with its texts; `bar` is the length of its bar."""

    node: Box | Port
    area: Area
    texts: Sequence[Text]
    bar: float = 0


@dataclass(frozen=True)
class Line:
    """The way of a wire, which ends with an arrow."""

    points: Sequence[Point]
    optional: bool = False
    mark: Mark = ""


@dataclass(frozen=True)
class Scene:
    """A graph, laid out within its size."""

    width: float
    height: float
    nodes: Sequence[Shown] = field(default_factory=list[Shown])
    lines: Sequence[Line] = field(default_factory=list[Line])
    labels: Sequence[Text] = field(default_factory=list[Text])

    def moved(self, x: float, y: float) -> Scene:
        """The same at another place."""
        nodes = [
            replace(n, area=n.area.moved(x, y), texts=_moved(n.texts, x, y))
            for n in self.nodes
        ]
        lines = [
            replace(line, points=[(px + x, py + y) for px, py in line.points])
            for line in self.lines
        ]
        return replace(self, nodes=nodes, lines=lines, labels=_moved(self.labels, x, y))


def _moved(texts: Sequence[Text], x: float, y: float) -> list[Text]:
    return [replace(text, x=text.x + x, y=text.y + y) for text in texts]
