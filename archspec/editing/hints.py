"""The size of its output behind each layer and each row of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archspec.editing.document import Document
from archspec.editing.figures import Figures
from archspec.editing.hovering import about_layer
from archspec.editing.positions import Span
from archspec.editing.roles import Role
from archspec.ops.shapes import by


class Hint(NamedTuple):
    """A text behind an offset; `about` is what hovering over it shows."""

    offset: int
    text: str
    about: str


def hints(document: Document, span: Span) -> list[Hint]:
    """The hints in a part of a document."""
    if document.good is None or not document.is_spec:
        return []
    found = _hints(document, document.good)
    return [hint for hint in found if span.start <= hint.offset <= span.end]


def _hints(document: Document, figures: Figures) -> Iterator[Hint]:
    rows: dict[tuple[str, str, str], Role] = {}
    for role in document.roles:
        around = role.around
        if around.variant:
            continue
        if role.kind == "layer":
            yield from _hint(document, figures, role)
        elif around.row:
            rows[around.block, around.layer, around.row] = role
    for role in rows.values():
        yield from _hint(document, figures, role)


def _hint(document: Document, figures: Figures, role: Role) -> Iterator[Hint]:
    """At the end of the line; of a layer of several uses only if all are alike."""
    names = role.around.block, role.around.layer, role.around.row
    ends = {steps[-1].output for steps in figures.runs(*names)}
    if len(ends) == 1:
        end = _line_end(document, role)
        yield Hint(end, f"→ {by(*ends)}", about_layer(figures, *names))


def _line_end(document: Document, role: Role) -> int:
    """The end of the line, before a comment and blanks."""
    value = role.value
    end = document.lines.line_end(role.part.end)
    if value is not None and value.end <= end:
        last = value.end
    elif value is not None:
        last = role.part.end + 1
    else:
        last = role.part.end
    rest = document.text[last:end].partition(" #")[0]
    return last + len(rest.rstrip())
