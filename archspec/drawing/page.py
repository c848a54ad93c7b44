"""A whole picture: a title, the network, and its blocks beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from archspec.analysis.comparison import named
from archspec.analysis.table import heading
from archspec.drawing.diagram import (
    ADDED,
    CHANGED,
    REMOVED,
    Box,
    Diagram,
    Graph,
    Port,
)
from archspec.drawing.families import FAMILIES
from archspec.drawing.folding import folded
from archspec.drawing.layout import layout, shape_text
from archspec.drawing.nodes import NOTE
from archspec.drawing.panels import Panel, packed, panel
from archspec.drawing.scene import Area, Scene, Text
from archspec.drawing.text import fitted, width, wrapped
from archspec.tables import change

Share = Literal["macs", "parameters"]
SHARES: dict[Share, str] = {"macs": "MACs", "parameters": "parameters"}

MADE = "drawn by archspec"
"""In a comment near the start of every picture."""
ARROW = "\N{RIGHTWARDS ARROW}"
MARGIN = 24
GAP = 40
"""Between the network and its blocks."""
HEADING = 16
"""The size of the title."""
LEAST = 520
"""The width that a title may take."""


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
    main = folded(layout(diagram.graph, is_network=True, percents=percents, bars=bars))
    panels = [panel(inset) for inset in diagram.insets]
    room = max(main.height, 420.0)
    arranged = [*packed(panels, room)]
    side = max((p.area.right for p in arranged), default=0)
    wide = max(main.width + (GAP + side if side else 0), LEAST)
    texts = [*_titles(diagram, share, wide)]
    top = max(t.area.bottom for t in texts) + 22
    moved = [p.moved(MARGIN + main.width + GAP, top) for p in arranged]
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
    return {
        number: change(now, was) if was else "new"
        for number, (was, now) in changed.items()
        if was != now
    }, bars


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
