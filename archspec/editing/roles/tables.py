"""The columns, rows and attributes of a table, or of a patch of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archspec.editing.part import Part
from archspec.editing.roles.calls import calls, op, reference
from archspec.editing.roles.known import Symbol, columns_of
from archspec.editing.roles.role import Around, Role, scalars
from archspec.language.canonical_layers import TABLE
from archspec.words import MODIFIERS


def inside(layer: Part, around: Around) -> Around:
    """With the names that expressions of the table see, and its first op."""
    columns = (name for name in _columns_of(layer, around) if name != "op")
    seen = around.predefined("row")
    seen = seen.sees(Symbol("column", name, _owner(around)) for name in columns)
    seen = seen.predefined("index", "count")
    ops = around.table.section("each").keys if around.table else []
    return replace(seen, op=ops[0] if ops else "")


def table_key(key: Part, value: Part, layer: Part, around: Around) -> Iterator[Role]:
    """`columns`, `rows` or `each` of the table around it."""
    of_row = around.predefined("row")
    yield Role(key, "key", around, keys=(*TABLE, *MODIFIERS), value=value)
    if key.text == "columns":
        yield from _columns(value, of_row)
    elif key.text == "rows":
        yield from _rows(value, _columns_of(layer, around), of_row)
    else:
        yield from calls(value, inside(layer, around))


def _owner(around: Around) -> str:
    return f"{around.block}/{around.layer}"


def _columns_of(layer: Part, around: Around) -> list[str]:
    """The columns of the table and those that a patch adds."""
    known = columns_of(around.table) if around.table is not None else []
    return [*dict.fromkeys((*known, *columns_of(layer)))]


def _columns(value: Part, around: Around) -> Iterator[Role]:
    owner = _owner(around)
    for item in value.items:
        symbol = Symbol("column", item.text, owner)
        is_name = item.kind == "scalar" and item.text != "op"
        yield Role(item, "column", around, symbol if is_name else None, defines=True)
    for key, inner in value.entries:
        symbol = Symbol("column", key.text, owner)
        yield Role(key, "column", around, symbol, value=inner)
        yield from scalars(inner, "expression", around)


def _rows(value: Part, columns: list[str], around: Around) -> Iterator[Role]:
    for number, item in enumerate(value.items):
        yield from _row(item, columns, replace(around, row=str(number)))
    for key, inner in value.entries:
        below = replace(around, row=key.text)
        symbol = Symbol("row", key.text, _owner(around))
        defines = not around.variant and not key.text.isdigit()
        yield Role(key, "row", below, symbol, defines)
        if inner is not None:
            yield from _row(inner, columns, below)


def _row(row: Part, columns: list[str], around: Around) -> Iterator[Role]:
    cells = row.items if row.kind == "list" else [row]
    pairs = [*zip([*columns, *[""] * len(cells)], cells, strict=False)]
    if row.kind == "mapping":
        pairs = [(k.text, v) for k, v in row.entries if v is not None]
    for key, _ in row.entries:
        symbol = Symbol("column", key.text, _owner(around))
        yield Role(key, "column", around, symbol)
    for column, cell in pairs:
        below = replace(around, attribute=column)
        if column == "op":
            yield op(cell, around)
        elif cell.kind == "scalar" and _has_references(column, around):
            yield from reference(cell, below)
        else:
            yield from scalars(cell, "cell", below)


def _has_references(column: str, around: Around) -> bool:
    """Whether `each` gives the column to a tensor argument."""
    each = around.table.section("each") if around.table else None
    for called, given in each.entries if each else ():
        tensors = around.ops.tensors(called.text)
        pairs = given.entries if given and given.kind == "mapping" else ()
        if any(k.text in tensors and v and v.text == column for k, v in pairs):
            return True
    return False
