"""Names whose values may differ in another use of the spec."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import chain

from archspec.analysis.lint.names import entries, names_in
from archspec.language import Block, Document, Formula, Table
from archspec.language.layers import Modified

ALWAYS = frozenset(("channels", "in_channels", "classes"))
"""For another input, or another number of classes."""


def varying(document: Document) -> set[str]:
    """Multipliers, ALWAYS, and every name that some expression derives from them.

    Names are compared regardless of scope: rather a name too many than one too few.
    """
    derived: dict[str, set[str]] = defaultdict(set)
    _derive(document, frozenset(), derived)
    found = {*ALWAYS, *document.multipliers}
    waiting = [*found]
    while waiting:
        more = derived[waiting.pop()] - found
        found |= more
        waiting += more
    return found


def _derive(
    part: object, around: frozenset[str], derived: Mapping[str, set[str]]
) -> None:
    """Note by each name that a part mentions the keys that it stands under."""
    if isinstance(part, Formula):
        for name in names_in(part.expression):
            derived[name].update(around)
        return
    for key, value in entries(part).items():
        is_value = not isinstance(value, Modified | Block)
        _derive(value, around | {key} if is_value else around, derived)
    if isinstance(part, Table):
        every = (zip(part.columns, row, strict=True) for row in part.rows.values())
        for column, cell in chain.from_iterable(every):
            _derive(cell, frozenset({column}), derived)
