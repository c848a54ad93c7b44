"""A picture as a Mermaid flowchart, as for READMEs: the network without its blocks.

Only names, numbers and ops come from a spec, so that nothing needs to be escaped.
"""

from __future__ import annotations

from collections.abc import Iterator

from archspec.drawing.diagram import Box, Diagram, Port
from archspec.drawing.page import MADE, Share
from archspec.drawing.palette import light
from archspec.ops.shapes import by


def mermaid(diagram: Diagram, share: Share = "macs") -> str:
    """The flowchart; boxes show their part of the MACs or parameters."""
    return "\n".join(_lines(diagram, share)) + "\n"


def _lines(diagram: Diagram, share: Share) -> Iterator[str]:
    graph, whole = diagram.graph, getattr(diagram.network, share)
    inputs = len(graph.inputs)
    yield f"%% {MADE}"
    yield "flowchart TD"
    for number, node in enumerate(graph.nodes):
        if isinstance(node, Port):
            name = node.name or ("input" if number < inputs else "output")
            yield f'    n{number}(["{name}"])'
            continue
        part = getattr(node, share)
        percent = f", {part / whole:.1%}" if part else ""
        start, end = ("([", "])") if node.family == "join" else ("[", "]")
        box = f'n{number}{start}"{_text(node)}{percent}"{end}'
        yield f"    {box}:::{node.mark or node.family}"
    for wire in graph.wires:
        yield f'    n{wire.source} -->|"{by(wire.shape)}"| n{wire.target}'
    colours = light()
    families = (
        node.mark or node.family for node in graph.nodes if isinstance(node, Box)
    )
    for family in dict.fromkeys(families):
        fill, line, ink = (colours[c] for c in (f"{family}-fill", family, "ink"))
        yield f"    classDef {family} fill:{fill},stroke:{line},color:{ink}"


def _text(box: Box) -> str:
    name = "" if box.name == box.op else f"{box.name}<br>"
    return f"{name}{', '.join([box.title, *box.details])}"
