"""How nodes look: their sizes, and the texts in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from archspec.drawing.diagram import Box, Graph, Port
from archspec.drawing.scene import Area, Shown, Text
from archspec.drawing.text import fitted, width

TITLE, NOTE = 12, 10
"""Sizes of texts."""
INSIDE = 9
"""Between a box and its texts."""
BETWEEN = 7
"""Between texts on one line."""
WIDEST = 230
"""More than this only titles take."""
LINE, LINES = 24, 38
"""The height of a box of one line and of two."""
ROUND = 20
"""The size of a sign in a circle."""
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


def looks(graph: Graph, percents: Mapping[int, str], *, is_flat: bool) -> list[Look]:
    """How the nodes of a graph look; its boxes are equally wide, but for joins.

    A box without costs has one line in a flat graph, and two elsewhere.
    """
    found = [
        _look(node, percents.get(number, ""), is_flat)
        for number, node in enumerate(graph.nodes)
    ]
    boxes = {n for n, node in enumerate(graph.nodes) if _is_plain(node)}
    wide = max((found[n].width for n in boxes), default=0)
    return [
        look._replace(width=wide) if number in boxes else look
        for number, look in enumerate(found)
    ]


def _is_plain(node: Box | Port) -> bool:
    return isinstance(node, Box) and node.family != "join"


def _look(node: Box | Port, percent: str, is_flat: bool) -> Look:
    if isinstance(node, Port):
        named = max(width(node.name, NOTE), 24)
        return Look(node.name, "", "", named, 15 if node.name else 0)
    if node.name == RESIDUAL and node.op in SIGNS:
        return Look(SIGNS[node.op], "", "", ROUND, ROUND)
    title = node.title.replace(" x ", " \N{MULTIPLICATION SIGN} ", 1)
    top = width(title, TITLE, bold=True)
    room = max(WIDEST - 2 * INSIDE, top)
    is_join = node.family == "join"
    if percent or not (is_flat or is_join):
        top += width(percent, NOTE) + BETWEEN if percent else 0
        note = _note(node, room)
        wide = max(top, width(note, NOTE))
        return Look(title, note, percent, wide + 2 * INSIDE, LINES if note else LINE)
    note = _note(node, room - top - BETWEEN)
    wide = top + (width(note, NOTE) + BETWEEN if note else 0)
    return Look(title, note, "", wide + 2 * INSIDE, LINE)


def _note(box: Box, room: float) -> str:
    """The name of a box, unless that is its op, and as many details as fit."""
    parts = [] if box.name in (box.op, RESIDUAL) else [fitted(box.name, room, NOTE)]
    for number, detail in enumerate(box.details, 1):
        rest = ", ..." if number < len(box.details) else ""
        if width(", ".join([*parts, detail]) + rest, NOTE) > room:
            return ", ".join([*parts, "..."]) if parts else ""
        parts.append(detail)
    return ", ".join(parts)


def shown(node: Box | Port, look: Look, area: Area, bar: float) -> Shown:
    """The node at its place; `bar` is a fraction of its width."""
    return Shown(node, area, [*_texts(node, look, area)], bar * (area.width - 2))


def _texts(node: Box | Port, look: Look, area: Area) -> Iterator[Text]:
    x, y = area.middle
    if isinstance(node, Port):
        named = Text(look.title, x, y + 3.5, NOTE, style="muted", anchor="middle")
        yield from [named] if look.title else []
        return
    if look.width == ROUND:
        yield Text(look.title, x, y + 5, 15, style="join", anchor="middle")
        return
    if look.height == LINE:
        yield from _line(look, area)
        return
    left, right = area.x + INSIDE, area.right - INSIDE
    yield Text(look.title, left, area.y + 16, TITLE, bold=True)
    yield Text(look.note, left, area.y + 29, NOTE, style="muted")
    if look.percent:
        yield Text(look.percent, right, area.y + 16, NOTE, style="muted", anchor="end")


def _line(look: Look, area: Area) -> Sequence[Text]:
    """The title and the note or percentage on one line, in the middle of the box."""
    left, y = area.x + INSIDE, area.middle[1] + 4
    title = Text(look.title, left, y, TITLE, bold=True)
    beside = look.percent or look.note
    if not beside:
        return [replace(title, x=area.middle[0], anchor="middle")]
    end = Text(beside, area.right - INSIDE, y, NOTE, style="muted", anchor="end")
    return [title, end]
