"""Which names may be other numbers in another use of the spec."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from archspec.analysis.lint.names import mentioned
from archspec.language import Document, Layer, OpLayer, Table
from archspec.language.names import inner_layers

ALWAYS = frozenset(("channels", "in_channels", "classes"))
"""For another input, or another number of classes."""


def varying(document: Document) -> set[str]:
    """Multipliers, ALWAYS, and every name that some expression makes of them.

    Names alone are looked at, wherever they stand: rather a name too many.
    """
    made_of: dict[str, set[str]] = defaultdict(set)
    for name, value in _meanings(document):
        for part in mentioned(value):
            made_of[part].add(name)
    found = {*ALWAYS, *document.multipliers}
    waiting = [*found]
    while waiting:
        more = made_of[waiting.pop()] - found
        found |= more
        waiting += more
    return found


def _meanings(document: Document) -> Iterator[tuple[str, object]]:
    """Every name with what it is said to be, somewhere."""
    yield from document.define.items()
    for attributes in document.defaults.values():
        yield from attributes.items()
    yield from _given(dict(inner_layers(document.layers)))
    for block in document.blocks.values():
        yield from [*block.arguments.items(), *block.let.items()]
        yield "residual", block.residual
        yield from _given(dict(inner_layers(block.layers)))


def _given(layers: dict[str, Layer]) -> Iterator[tuple[str, object]]:
    for layer in layers.values():
        match layer:
            case OpLayer(attributes=attributes, then=then):
                yield from [*attributes.items(), *then.items()]
            case Table():
                yield from _of_table(layer)
            case _:
                pass


def _of_table(table: Table) -> Iterator[tuple[str, object]]:
    yield from table.then.items()
    for attributes in table.each.values():
        yield from attributes.items()
    for cells in table.rows.values():
        yield from zip(table.columns, cells, strict=True)
