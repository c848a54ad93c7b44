"""Names whose values may differ in another use of the spec."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from archspec.analysis.lint.names import entries, mentioned
from archspec.language import Block, Document, Table
from archspec.language.layers import Modified

ALWAYS = frozenset(("channels", "in_channels", "classes"))
"""For another input, or another number of classes."""


def varying(document: Document) -> set[str]:
    """Multipliers, ALWAYS, and every name that some expression derives from them.

    Names are compared regardless of scope: rather a name too many than one too few.
    """
    derived: dict[str, set[str]] = defaultdict(set)
    for name, value in _values(document):
        for part in mentioned(value):
            derived[part].add(name)
    found = {*ALWAYS, *document.multipliers}
    waiting = [*found]
    while waiting:
        more = derived[waiting.pop()] - found
        found |= more
        waiting += more
    return found


def _values(part: object) -> Iterator[tuple[str, object]]:
    """Every name in a part of a document with each value that it has in it."""
    for name, value in entries(part).items():
        if not isinstance(value, Modified | Block):
            yield name, value
        yield from _values(value)
    if isinstance(part, Table):
        for cells in part.rows.values():
            yield from zip(part.columns, cells, strict=True)
