"""A picture as SVG.

Colours are attributes, for viewers that know no CSS; where CSS has variables and
`light-dark()`, the palette replaces them and follows the reader's preference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from math import hypot

from archspec.analysis.table import one_line
from archspec.drawing.diagram import CHANGED, REMOVED, Box, Diagram, Graph, Port
from archspec.drawing.page import (
    MADE,
    Page,
    Panel,
    Share,
    heading_of,
    legend,
    page,
    sizes,
)
from archspec.drawing.palette import light, stylesheet
from archspec.drawing.scene import Area, Line, Point, Scene, Shown, Text
from archspec.drawing.text import FONTS
from archspec.ops.shapes import by

EXACT = 'text-rendering="geometricPrecision"'
"""Texts as wide as their fonts say, at every zoom."""
EDGE = 3
"""Around a graph by itself."""
ROUND = 6
"""The radius of the corners of wires."""


def svg(diagram: Diagram, share: Share = "macs") -> str:
    """The whole picture."""
    return written(page(diagram, share))


def written(found: Page) -> str:
    """An arranged picture."""
    title = heading_of(found.diagram)
    width, height = _number(found.width), _number(found.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" class="archspec" '
        f'font-family="{escape(FONTS)}" {EXACT}>',
        f"<!-- {MADE} -->",
        f"<title>{_text(title)}</title>",
        f"<desc>{_text(sizes(found.diagram, found.share))}</desc>",
        f"<style>{_style()}</style>",
        _rectangle(Area(0, 0, found.width, found.height), "background"),
        *map(text, found.texts),
        *scene(found.scene),
        *(line for panel in found.panels for line in _panel(panel)),
        *(_key(*key) for key in found.keys),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _style() -> str:
    """The palette's colours in place of the attributes, where CSS has them."""
    sheet = " ".join(stylesheet().partition("*/")[2].split())
    return f"@supports (color:light-dark(#000,#fff)){{{sheet} {colour_rules()}}}"


def colour_rules() -> str:
    """The classes of shapes and texts, painted by the palette."""
    return "".join(
        f".archspec .fill-{name}{{fill:var(--{name})}}"
        f".archspec .line-{name}{{stroke:var(--{name})}}"
        for name in light()
    )


def picture(found: Scene, links: Mapping[int, str]) -> str:
    """A graph by itself, without style; nodes are links where they are given."""
    moved = found.moved(EDGE, EDGE)
    return _element(found.width, found.height, scene(moved, links))


def key(graphs: Sequence[Graph], wide: float) -> str:
    """The legend by itself, without style."""
    keys, words = legend(graphs, wide)
    words = Scene(0, 0, labels=words).moved(0, 12).labels
    high = max((text.area.bottom for text in words), default=0)
    shown = [_key(name, area.moved(0, 12)) for name, area in keys]
    return _element(wide, high, (*shown, *map(text, words)))


def _element(width: float, height: float, lines: Iterable[str]) -> str:
    wide, high = (_number(size + 2 * EDGE) for size in (width, height))
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}" font-family="{escape(FONTS)}" {EXACT}>'
    )
    return "\n".join([start, *lines, "</svg>"])


def scene(found: Scene, links: Mapping[int, str] | None = None) -> Iterator[str]:
    """The wires of a graph, then its nodes and shapes."""
    for line in found.lines:
        yield from _wire(line)
    for number, node in enumerate(found.nodes):
        link = (links or {}).get(number)
        lines = _node(node)
        yield from [f'<a href="{link}">', *lines, "</a>"] if link else lines
    yield from map(text, found.labels)


def text(found: Text) -> str:
    """A line of text."""
    anchor = "" if found.anchor == "start" else f' text-anchor="{found.anchor}"'
    weight = ' font-weight="bold"' if found.bold else ""
    return (
        f'<text x="{_number(found.x)}" y="{_number(found.y)}" '
        f'font-size="{_number(found.size)}"{weight}{anchor}'
        f"{_colours(found.style)}>{_text(found.text)}</text>"
    )


def _node(found: Shown) -> Iterator[str]:
    if isinstance(found.node, Port):
        yield from map(text, found.texts)
        return
    box, area = found.node, found.area
    is_round = box.family == "join"
    yield f"<g><title>{_text(tooltip(box))}</title>"
    yield _rectangle(
        area,
        f"{box.mark or box.family}-fill",
        box.mark or box.family,
        round=area.height / 2 if is_round else 4,
        is_dashed=box.optional or box.mark == REMOVED,
        is_thick=bool(box.mark),
    )
    if found.bar > 0:
        bar = Area(area.x + 1, area.bottom - 4, max(found.bar, 1), 3)
        yield _rectangle(bar, box.family, round=1)
    yield from map(text, found.texts)
    yield "</g>"


def tooltip(box: Box) -> str:
    """All of a box in words."""
    lines = [f"{box.path}: {box.title}", ", ".join(box.details)]
    lines.append(f"output {by(box.output)}")
    lines.append(f"{box.parameters:,} parameters, {box.macs:,} MACs")
    if box.mark == CHANGED and box.was:
        lines += ["before:", *tooltip(box.was).split("\n")]
    elif box.mark:
        lines.append(box.mark)
    return "\n".join(line for line in lines if line)


def _wire(line: Line) -> Iterator[str]:
    *_, before, (x, y) = line.points
    down, across = (y - before[1], x - before[0])
    length = hypot(down, across) or 1
    ux, uy = across / length, down / length
    ends = [*line.points[:-1], (x - 5 * ux, y - 5 * uy)]
    is_dashed = line.optional or line.mark == REMOVED
    dashes = ' stroke-dasharray="4 3"' if is_dashed else ""
    colour = line.mark or "muted"
    colours = _colours("none", colour)
    yield f'<path d="{_path(ends)}" stroke-width="1.2"{dashes}{colours}/>'
    left = x - 6 * ux - 3 * uy, y - 6 * uy + 3 * ux
    right = x - 6 * ux + 3 * uy, y - 6 * uy - 3 * ux
    corners = " ".join(
        f"{_number(px)},{_number(py)}" for px, py in ((x, y), left, right)
    )
    yield f'<polygon points="{corners}"{_colours(colour)}/>'


def _path(points: Sequence[Point]) -> str:
    """A line with round corners."""
    parts = [f"M{_pair(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        first, second = _toward(corner, before), _toward(corner, after)
        parts.append(f"L{_pair(first)}Q{_pair(corner)} {_pair(second)}")
    return "".join([*parts, f"L{_pair(points[-1])}"])


def _toward(start: Point, end: Point) -> Point:
    """The point at most a radius, and half the way, from one point to another."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = hypot(across, down)
    part = min(ROUND, length / 2) / length if length else 0
    return start[0] + across * part, start[1] + down * part


def _panel(panel: Panel) -> Iterator[str]:
    title = one_line(panel.inset.summary) or panel.inset.block
    yield f"<g><title>{_text(title)}</title>"
    yield _rectangle(panel.area, "surface", "line", round=6)
    yield from map(text, panel.texts)
    yield from scene(panel.scene)
    yield "</g>"


def _key(name: str, area: Area) -> str:
    if name == "optional":
        return _rectangle(area, "surface", "muted", round=2, is_dashed=True)
    return _rectangle(area, f"{name}-fill", name, round=2)


def _rectangle(
    area: Area,
    fill: str,
    line: str = "",
    *,
    round: float = 0,
    is_dashed: bool = False,
    is_thick: bool = False,
) -> str:
    place = " ".join(
        f'{name}="{_number(value)}"'
        for name, value in zip(("x", "y", "width", "height"), area, strict=True)
    )
    corners = f' rx="{_number(round)}"' if round else ""
    dashes = ' stroke-dasharray="4 3"' if is_dashed else ""
    thick = ' stroke-width="1.8"' if is_thick else ""
    return f"<rect {place}{corners}{dashes}{thick}{_colours(fill, line)}/>"


def _colours(fill: str, line: str = "") -> str:
    """Colours as attributes, and the classes by which the palette replaces them."""
    colours = light()
    painted = "none" if fill == "none" else colours[fill]
    names = [f"fill-{fill}"] if fill != "none" else []
    stroke = f' stroke="{colours[line]}"' if line else ""
    names += [f"line-{line}"] if line else []
    return f' fill="{painted}"{stroke} class="{" ".join(names)}"'


def _text(text: str) -> str:
    """Text that XML can hold, escaped."""
    return escape("".join(c if c.isprintable() or c == "\n" else " " for c in text))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"
