"""How a node looks: its size, and the texts in it."""

from __future__ import annotations

from typing import NamedTuple

from archspec.drawing.diagram import Box, Port
from archspec.drawing.scene import Area, Shown, Text
from archspec.drawing.text import fitted, width

TITLE, NOTE = 12, 10
"""Sizes of texts."""
INSIDE = 9
"""Between a box and its texts."""
WIDEST = 250
LINE, LINES = 24, 38
"""The height of a box of one line and of two."""
BAR = 3
RESIDUAL = "residual"
SIGNS = {
    "add": "+",
    "subtract": "\N{MINUS SIGN}",
    "multiply": "\N{MULTIPLICATION SIGN}",
}
"""How joins are written in a circle."""


class Look(NamedTuple):
    """A node's texts and size, before it has a place."""

    title: str
    note: str
    percent: str
    width: float
    height: float

    @property
    def is_round(self) -> bool:
        """Whether it is a sign in a circle."""
        return self.width == self.height


def look(node: Box | Port, percent: str = "") -> Look:
    """The texts of a node, shortened to fit, and the size that they need."""
    if isinstance(node, Port):
        return Look(node.name, "", "", max(width(node.name, NOTE) + 8, 24), 16)
    if node.name == RESIDUAL and node.op in SIGNS:
        return Look(SIGNS[node.op], "", "", 20, 20)
    title = node.title.replace(" x ", " \N{MULTIPLICATION SIGN} ", 1)
    names = [] if node.name in (node.op, RESIDUAL) else [node.name]
    note = ", ".join([*names, *node.details])
    if not note and not percent:
        wide = width(title, TITLE, bold=True)
        return Look(title, "", "", min(wide + 2 * INSIDE, WIDEST), LINE)
    beside = width(percent, NOTE) + 10 if percent else 0
    wide = max(width(title, TITLE, bold=True) + beside, width(note, NOTE)) + 2 * INSIDE
    return Look(title, note, percent, min(wide, WIDEST), LINES)


def shown(node: Box | Port, look: Look, area: Area, bar: float) -> Shown:
    """The node at its place."""
    middle, height = area.middle
    if isinstance(node, Port):
        text = Text(
            look.title, middle, height + 3.5, NOTE, style="muted", anchor="middle"
        )
        return Shown(node, area, [text] if look.title else [])
    if look.is_round:
        sign = Text(look.title, middle, height + 5, 15, style="join", anchor="middle")
        return Shown(node, area, [sign])
    room = area.width - 2 * INSIDE
    if not look.note and not look.percent:
        title = fitted(look.title, room, TITLE, bold=True)
        text = Text(title, middle, height + 4, TITLE, bold=True, anchor="middle")
        return Shown(node, area, [text])
    left, right = area.x + INSIDE, area.right - INSIDE
    beside = width(look.percent, NOTE) + 10 if look.percent else 0
    title = fitted(look.title, room - beside, TITLE, bold=True)
    texts = [Text(title, left, area.y + 16, TITLE, bold=True)]
    if look.note:
        note = fitted(look.note, room, NOTE)
        texts.append(Text(note, left, area.y + 29, NOTE, style="muted"))
    if look.percent:
        percent = Text(
            look.percent, right, area.y + 16, NOTE, style="muted", anchor="end"
        )
        texts.append(percent)
    return Shown(node, area, texts, bar * (area.width - 2))
