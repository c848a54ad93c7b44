"""Changes of a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from archspec.editing.positions import Span


class Edit(NamedTuple):
    """A text instead of a part of the document."""

    span: Span
    text: str


def applied(text: str, edits: Iterable[Edit]) -> str:
    """A text with some parts replaced, which do not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text
