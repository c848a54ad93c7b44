"""What an editor shows about the name at the cursor, as Markdown."""

from __future__ import annotations

from typing import NamedTuple

from archspec.editing.document import Document
from archspec.editing.figures import Cost, Figures
from archspec.editing.positions import Span
from archspec.editing.roles import Role
from archspec.network import Step
from archspec.ops.fields import shown
from archspec.ops.shapes import by

MAX_SHAPES = 4
"""Runs of a layer that are listed."""


class Hover(NamedTuple):
    """A text in Markdown about a part of the document."""

    span: Span
    text: str


def hover(document: Document, offset: int) -> Hover | None:
    """What is known about the key or value at an offset."""
    role = role_at(document, offset)
    if role is None:
        return None
    text = _about(document, role)
    return Hover(Span(role.part.start, role.part.end), text) if text else None


def role_at(document: Document, offset: int) -> Role | None:
    """The role of the key or scalar at, or just before, an offset."""
    if not document.is_spec:
        return None
    found = [
        role for role in document.roles if role.part.start <= offset <= role.part.end
    ]
    return min(found, key=lambda role: role.part.end - role.part.start, default=None)


def _about(document: Document, role: Role) -> str:
    figures = document.good
    if figures is None:
        return ""
    around = role.around
    if role.kind == "layer":
        return about_layer(figures, around.block, around.layer)
    if role.kind in ("row", "cell"):
        return about_layer(figures, around.block, around.layer, around.row)
    return ""


def about_layer(figures: Figures, block: str, layer: str, row: str = "") -> str:
    """The shapes, costs and attributes of a layer or row."""
    steps = figures.steps(block, layer, row)
    name = f"{layer}.{row}" if row else layer
    if not steps:
        return ""
    lines = [_title(name, steps), *_shapes(steps)]
    cost = figures.cost(block, layer, row)
    uses = len(figures.uses.get(block, ()))
    lines.append(_cost(cost, figures.total, f" in {uses} uses" if uses > 1 else ""))
    attributes = _attributes(steps)
    return "\n\n".join([*lines, *([attributes] if attributes else [])])


def _title(name: str, steps: list[Step]) -> str:
    ops = [*dict.fromkeys(step.op for step in steps)]
    runs = {step.row for step in steps}
    times = f"{len(steps)} x " if len(runs) == 1 and len(steps) > 1 else ""
    return f"**{name}** · {times}{', '.join(f'`{op}`' for op in ops)}"


def _shapes(steps: list[Step]) -> list[str]:
    """The shape that enters and the shape that leaves, of each place it is used at."""
    first, last = steps[0], steps[-1]
    inputs = dict.fromkeys(map(by, first.inputs))
    return [f"{', '.join(inputs)} → {by(last.output)}"]


def _cost(cost: Cost, total: Cost, where: str) -> str:
    parts = [
        f"{cost.parameters:,} parameters{_share(cost.parameters, total.parameters)}",
        f"{cost.macs:,} MACs{_share(cost.macs, total.macs)}",
    ]
    return " · ".join(parts) + where


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.1%})" if part and whole else ""


def _attributes(steps: list[Step]) -> str:
    """The values of attributes, those that change from run to run by an arrow."""
    first, last = steps[0], steps[-1]
    found: list[str] = []
    for name, value in first.attributes.items():
        after = last.attributes.get(name, value)
        if value is None and after is None:
            continue
        text = f"{shown(value)} … {shown(after)}" if after != value else shown(value)
        found.append(f"`{name}: {text}`")
    return ", ".join(found)
