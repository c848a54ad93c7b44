"""A whole picture: a title, the network, and its blocks beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from archspec.analysis.comparison import named
from archspec.analysis.table import heading, one_line
from archspec.drawing.diagram import (
    ADDED,
    CHANGED,
    REMOVED,
    Box,
    Diagram,
    Graph,
    Inset,
    Port,
)
from archspec.drawing.families import FAMILIES
from archspec.drawing.layout import layout, shape_text
from archspec.drawing.nodes import NOTE
from archspec.drawing.scene import Area, Scene, Text
from archspec.drawing.text import fitted, width, wrapped

Share = Literal["macs", "parameters"]
SHARES: dict[Share, str] = {"macs": "MACs", "parameters": "parameters"}

MADE = "drawn by archspec"
"""In a comment near the start of every picture."""
ARROW = "\N{RIGHTWARDS ARROW}"
MARGIN = 24
GAP = 40
"""Between the network and its blocks."""
BETWEEN = 16
"""Between blocks."""
INSIDE = 14
HEADING = 16
"""The size of the title."""
LEAST = 520
"""The width that a title may take."""


@dataclass(frozen=True)
class Panel:
    """A block, in its frame."""

    inset: Inset
    area: Area
    texts: Sequence[Text]
    scene: Scene


@dataclass(frozen=True)
class Page:
    """What a picture consists of."""

    diagram: Diagram
    share: Share
    width: float
    height: float
    texts: Sequence[Text]
    scene: Scene
    panels: Sequence[Panel] = field(default_factory=list[Panel])
    keys: Sequence[tuple[str, Area]] = field(default_factory=list[tuple[str, Area]])


def page(diagram: Diagram, share: Share = "macs") -> Page:
    """Arrange a picture."""
    percents, bars = costs(diagram, diagram.graph, share)
    main = layout(diagram.graph, is_network=True, percents=percents, bars=bars)
    panels = [_panel(inset) for inset in diagram.insets]
    room = max(main.height, 420.0)
    arranged = [*_columns(panels, room)]
    side = max((p.area.right for p in arranged), default=0)
    wide = max(main.width + (GAP + side if side else 0), LEAST)
    texts = [*_titles(diagram, share, wide)]
    top = max(t.area.bottom for t in texts) + 22
    moved = [_moved(p, MARGIN + main.width + GAP, top) for p in arranged]
    low = max([top + main.height, *(p.area.bottom for p in moved)])
    graphs = [diagram.graph, *(inset.graph for inset in diagram.insets)]
    keys, words = legend(graphs, wide)
    keys = [(name, area.moved(MARGIN, low + 28)) for name, area in keys]
    words = Scene(0, 0, labels=words).moved(MARGIN, low + 28).labels
    height = max((t.area.bottom for t in words), default=low) + MARGIN
    return Page(
        diagram,
        share,
        wide + 2 * MARGIN,
        height,
        [*texts, *words],
        main.moved(MARGIN, top),
        moved,
        keys,
    )


def costs(
    diagram: Diagram, graph: Graph, share: Share
) -> tuple[dict[int, str], dict[int, float]]:
    """The percentages of boxes, and their bars, the longest of which is 1.

    Of two networks, percentages are by how much a figure changed.
    """
    nodes = enumerate(graph.nodes)
    boxes = {number: node for number, node in nodes if isinstance(node, Box)}
    figures = {number: getattr(box, share) for number, box in boxes.items()}
    most = max(figures.values(), default=0) or 1
    bars = {number: figure / most for number, figure in figures.items()}
    if diagram.before is None:
        whole = getattr(diagram.network, share)
        return {n: f"{part / whole:.1%}" for n, part in figures.items() if part}, bars
    pairs = {n: (box.was, figures[n]) for n, box in boxes.items() if box.was}
    changed = {n: (getattr(was, share), now) for n, (was, now) in pairs.items()}
    return {n: _change(*pair) for n, pair in changed.items() if len({*pair}) > 1}, bars


def _change(was: int, now: int) -> str:
    return f"{now / was - 1:+.1%}" if was else "new"


def _titles(diagram: Diagram, share: Share, wide: float) -> Iterator[Text]:
    title = heading_of(diagram)
    y = MARGIN + HEADING - 3.0
    yield Text(fitted(title, wide, HEADING, bold=True), MARGIN, y, HEADING, bold=True)
    for line in wrapped(sizes(diagram, share), wide, 11, 3):
        y += 17
        yield Text(line, MARGIN, y, 11, style="muted")


def heading_of(diagram: Diagram) -> str:
    """The title: the network and its source, or the two networks."""
    if diagram.before is None:
        return heading(diagram.network)[0]
    return f"{named(diagram.before)} {ARROW} {named(diagram.network)}"


def sizes(diagram: Diagram, share: Share) -> str:
    """Its inputs and outputs, its totals, and what percentages are of."""
    network, before = diagram.network, diagram.before
    if before is not None:
        parameters = f"{before.parameters:,} {ARROW} {network.parameters:,} parameters"
        macs = f"{before.macs:,} {ARROW} {network.macs:,} MACs"
        return f"{parameters}; {macs}; percentages: change of {SHARES[share]}"
    graph = diagram.graph
    shapes = f"input {_listed(graph.inputs)}, output {_listed(graph.outputs)}"
    figures = f"{network.parameters:,} parameters, {network.macs:,} MACs"
    return f"{shapes}; {figures}; percentages and bars: {SHARES[share]}"


def _listed(ports: Sequence[Port]) -> str:
    return ", ".join(f"{p.name} {shape_text(p.shape)}".lstrip() for p in ports)


def _panel(inset: Inset) -> Panel:
    scene = layout(inset.graph)
    title = width(inset.block, 12, bold=True)
    inner = max(scene.width, min(title, 260), 150)
    texts = [Text(fitted(inset.block, inner, 12, bold=True), INSIDE, 24, 12, bold=True)]
    y = 24
    for line in wrapped(one_line(inset.summary), inner, NOTE, 3):
        y += 13
        texts.append(Text(line, INSIDE, y, NOTE, style="muted"))
    y += 13
    shapes = fitted(f"shapes of {inset.example}", inner, NOTE)
    texts.append(Text(shapes, INSIDE, y, NOTE, style="muted"))
    y += 14
    area = Area(0, 0, inner + 2 * INSIDE, y + scene.height + INSIDE)
    placed = scene.moved(INSIDE + (inner - scene.width) / 2, y)
    return Panel(inset, area, texts, placed)


def _moved(panel: Panel, x: float, y: float) -> Panel:
    texts = Scene(0, 0, labels=panel.texts).moved(x, y).labels
    return Panel(panel.inset, panel.area.moved(x, y), texts, panel.scene.moved(x, y))


def _columns(panels: Sequence[Panel], room: float) -> Iterator[Panel]:
    """The panels in columns, each filled as far as the network goes down."""
    columns: list[list[Panel]] = [[]]
    y = 0.0
    for panel in panels:
        if y and y + panel.area.height > room:
            columns.append([])
            y = 0.0
        columns[-1].append(panel)
        y += panel.area.height + BETWEEN
    x = 0.0
    for column in columns:
        wide = max((panel.area.width for panel in column), default=0)
        y = 0.0
        for panel in column:
            yield _moved(_widened(panel, wide), x, y)
            y += panel.area.height + BETWEEN
        x += wide + BETWEEN


def _widened(panel: Panel, wide: float) -> Panel:
    """The panel in a wider frame, its graph in the middle."""
    beside = (wide - panel.area.width) / 2
    area = panel.area._replace(width=wide)
    return replace(panel, area=area, scene=panel.scene.moved(beside, 0))


def legend(
    graphs: Sequence[Graph], wide: float
) -> tuple[list[tuple[str, Area]], list[Text]]:
    """The colours of a picture with their names, in lines of this width."""
    used = {box.family for graph in graphs for box in graph.boxes}
    keys: list[tuple[str, Area]] = []
    texts: list[Text] = []
    x = y = 0.0
    names = {name: text for name, text in FAMILIES.items() if name in used}
    if any(box.optional for graph in graphs for box in graph.boxes):
        names["optional"] = "only in some uses of the block"
    parts = (part for graph in graphs for part in (*graph.boxes, *graph.wires))
    marks = {part.mark for part in parts}
    names |= {mark: mark for mark in (ADDED, REMOVED, CHANGED) if mark in marks}
    for name, text in names.items():
        length = 20 + width(text, NOTE)
        if x and x + length > wide:
            x, y = 0.0, y + 18
        keys.append((name, Area(x, y - 9, 14, 11)))
        texts.append(Text(text, x + 20, y, NOTE, style="muted"))
        x += length + 18
    return keys, texts
