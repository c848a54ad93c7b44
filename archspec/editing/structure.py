"""The outline of a document that editors list, and the parts that they can fold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from archspec.editing.document import Document
from archspec.editing.part import Part
from archspec.editing.positions import Span
from archspec.ops.shapes import by

_LISTED = ("multipliers", "define", "inputs", "blocks", "layers", "outputs", "variants")


class Entry(NamedTuple):
    """A section or name of a document, with what is below it."""

    name: str
    kind: str
    span: Span
    name_span: Span
    detail: str = ""
    inner: tuple[Entry, ...] = ()


def entries(document: Document) -> list[Entry]:
    """The sections of a document with the names in them."""
    if not document.is_spec:
        return []
    return [*_sections(document, document.outline, "")]


def _sections(document: Document, root: Part, block: str) -> Iterator[Entry]:
    for key, value in root.entries:
        inner: tuple[Entry, ...] = ()
        if value is not None and key.text in _LISTED:
            inner = tuple(_named(document, value, key.text, block))
        yield _entry(key, value, "section", "", inner)


def _named(document: Document, section: Part, kind: str, block: str) -> Iterator[Entry]:
    for key, value in section.entries:
        inner: tuple[Entry, ...] = ()
        if kind == "blocks" and value is not None:
            inner = tuple(_sections(document, value, key.text))
        detail = _size(document, block, key.text) if kind == "layers" else ""
        yield _entry(key, value, kind, detail, inner)


def _entry(
    key: Part, value: Part | None, kind: str, detail: str, inner: tuple[Entry, ...]
) -> Entry:
    end = max(key.end, value.end if value is not None else 0)
    span, own = Span(key.start, end), Span(key.start, key.end)
    return Entry(key.text or "?", kind, span, own, detail, inner)


def _size(document: Document, block: str, layer: str) -> str:
    """The output of a layer."""
    steps = document.good.steps(block, layer) if document.good is not None else []
    return by(steps[-1].output) if steps else ""


def folds(document: Document) -> list[tuple[int, int]]:
    """The first and last lines of what goes over several lines."""
    if not document.is_spec:
        return []
    pairs = chain.from_iterable(part.entries for part in document.outline.walk())
    spans = (Span(key.start, value.end) for key, value in pairs if value is not None)
    lines = ([document.lines.position(at).line for at in span] for span in spans)
    found: dict[int, int] = {}
    for start, end in lines:
        if end > start:
            found[start] = max(end, found.get(start, 0))
    return sorted(found.items())
