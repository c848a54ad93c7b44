"""A picture in the DOT language of Graphviz, with a cluster for each block."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.analysis.table import one_line
from archspec.drawing.diagram import Box, Diagram, Graph, Port
from archspec.drawing.page import MADE, Share, heading_of
from archspec.drawing.palette import light
from archspec.ops.shapes import by


def dot(diagram: Diagram, share: Share = "macs") -> str:
    """The graph; boxes show their part of the MACs or parameters."""
    lines = [
        f"// {MADE}",
        "digraph network {",
        f"  label={_quoted(heading_of(diagram))}",
        "  labelloc=t",
        "  fontname=Arial",
        "  node [shape=box style=filled fontname=Arial fontsize=11]",
        "  edge [fontname=Arial fontsize=9]",
        *_graph(diagram.graph, "n", share, getattr(diagram.network, share)),
    ]
    for number, inset in enumerate(diagram.insets):
        lines += [
            f"  subgraph cluster_{number} {{",
            f"    label={_quoted(f'{inset.block}: {one_line(inset.summary)}')}",
            *(f"  {line}" for line in _graph(inset.graph, f"b{number}_", share, 0)),
            "  }",
        ]
    return "\n".join([*lines, "}"]) + "\n"


def _graph(graph: Graph, prefix: str, share: Share, whole: int) -> Iterator[str]:
    inputs = len(graph.inputs)
    for number, node in enumerate(graph.nodes):
        yield f"  {prefix}{number} [{_node(node, number < inputs, share, whole)}]"
    for wire in graph.wires:
        ends = f"{prefix}{wire.source} -> {prefix}{wire.target}"
        yield f"  {ends} [label={_quoted(by(wire.shape))}]"


def _node(node: Box | Port, is_input: bool, share: Share, whole: int) -> str:
    if isinstance(node, Port):
        name = node.name or ("input" if is_input else "output")
        return f"shape=plaintext style=solid label={_quoted(name)}"
    part = getattr(node, share)
    percent = [f"{part / whole:.1%}"] if part and whole else []
    names = [] if node.name == node.op else [node.name]
    text = "\n".join([node.title, ", ".join([*names, *node.details, *percent])])
    colours, colour = light(), node.mark or node.family
    fill, line = (colours[f"{colour}-fill"], colours[colour])
    shape = " shape=oval" if node.family == "join" else ""
    style = ' style="filled,dashed"' if node.optional else ""
    painted = f'fillcolor="{fill}" color="{line}"'
    return f"label={_quoted(text.rstrip())} {painted}{shape}{style}"


def _quoted(text: str) -> str:
    """A string of DOT, in which a line may end."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
