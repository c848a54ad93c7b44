"""Quick fixes: what diagnostics propose to write, where that helps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from archspec.editing.document import Document
from archspec.editing.edits import Edit, applied
from archspec.editing.positions import Span
from archspec.editing.symbols import occurrence_at, references
from archspec.errors import Diagnostic, Fix

_IS_YAML = re.compile(r"[\[{]|\w+: ")
"""The beginning of a mapping or list, of which nothing is quoted."""

_NEEDS_QUOTES = re.compile(r"[,\[\]{}]|^[@`%&*!|>'\"]|^$| #")


class QuickFix(NamedTuple):
    """What an editor offers for a diagnostic; the best of several is preferred."""

    title: str
    diagnostic: Diagnostic
    edits: tuple[Edit, ...]
    is_preferred: bool


def fixes(document: Document, span: Span) -> list[QuickFix]:
    """The fixes of the diagnostics in a part of the document.

    A fix is offered only if its diagnostic is gone with it, and no other error comes.
    """
    found: list[QuickFix] = []
    for diagnostic in document.found or ():
        if diagnostic.place is None or diagnostic.place.file != str(document.path):
            continue
        place = document.lines.span(diagnostic.place)
        if place.start <= span.end and span.start <= place.end:
            found += _of(document, diagnostic)
    return found


def _of(document: Document, diagnostic: Diagnostic) -> Iterator[QuickFix]:
    is_first = True
    for fix in diagnostic.fixes:
        edit = _edit(document, fix)
        if edit is None:
            continue
        edits = _everywhere(document, edit)
        if _helps(document, diagnostic, edits):
            yield QuickFix(_title(document, edit), diagnostic, edits, is_first)
            is_first = False


def _edit(document: Document, fix: Fix) -> Edit | None:
    if fix.place is None or fix.place.file != str(document.path):
        return None
    span = document.lines.span(fix.place)
    if fix.place.length == 0:
        span = Span(span.start, span.start)
    is_quoted = document.text[span.start : span.start + 1] in ("'", '"')
    is_text = not _IS_YAML.match(fix.text)
    quotes = is_text and (is_quoted or bool(_NEEDS_QUOTES.search(fix.text)))
    return Edit(span, f'"{fix.text}"' if quotes else fix.text)


def _title(document: Document, edit: Edit) -> str:
    old, new = document.text[edit.span.start : edit.span.end], edit.text.strip()
    return f"Replace '{old}' with '{new}'" if old else f"Insert '{new}'"


def _everywhere(document: Document, edit: Edit) -> tuple[Edit, ...]:
    """The edit; of the name of something, also wherever the name is used."""
    found = occurrence_at(document, edit.span.start)
    if found is None or not found.defines or found.span != edit.span:
        return (edit,)
    places = references(document, edit.span.start)
    return tuple(Edit(place.span, edit.text) for place in places)


def _helps(document: Document, diagnostic: Diagnostic, edits: tuple[Edit, ...]) -> bool:
    """Whether the diagnostic is gone, and there are not more errors."""
    changed = document.changed(applied(document.text, edits))
    *_, after = changed.analysed()
    key = diagnostic.code, diagnostic.message, diagnostic.position
    if key in {(d.code, d.message, d.position) for d in after.found or ()}:
        return False
    return len(after.errors) <= len(document.errors)
