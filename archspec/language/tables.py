"""Patches of a table: its columns by name, its rows by name or number."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Entries
from typing import NoReturn

from archspec.errors import NOTE, Diagnostic, did_you_mean
from archspec.reading.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Word,
    fail,
    is_null,
    mappings,
    placed,
    text_of,
)

MAX_VALUES = 5_000
"""Of a table with changed columns: one value in a file may be one in each row."""


def patched_table(table: Mapping, patch: Mapping) -> Mapping:
    """A table, or any other layer, with the columns and rows of a patch.

    Columns change first: new rows have a value for each. Raises SpecError (AS203,
    AS210).
    """
    for key, change in (("columns", _with_columns), ("rows", _with_rows)):
        value = patch.get(key)
        if isinstance(value, Mapping):
            table = change(table, value)
        elif value is not None:
            table = table.replaced(**{key: None if is_null(value) else value})
    return table


def fewer_rows(base: Mapping, own: Mapping) -> Iterator[Diagnostic]:
    """Notes on lists of rows (AS213) that replace longer inherited ones."""
    for name, layer in mappings(own.section("layers")):
        rows, old = layer.get("rows"), base.section("layers").section(name).get("rows")
        if not isinstance(rows, Sequence) or not isinstance(old, Sequence):
            continue
        if len(rows.items) < len(old.items) and "columns" not in layer.entries:
            message = f"this list replaces all {len(old.items)} inherited rows"
            help = (
                "to change one row, write rows: {0: [...]}; to define another table, "
            )
            help += "specify 'columns' as well"
            place = layer.place_of("rows")
            yield Diagnostic("AS213", message, place, f"layers.{name}", help, NOTE)


def column_names(table: Mapping) -> list[str]:
    """The names of a table's columns."""
    return [item.text for item in _titles(table) if isinstance(item, Scalar)]


def _titles(table: Mapping) -> tuple[Node, ...]:
    columns = table.get("columns")
    return columns.items if isinstance(columns, Sequence) else ()


def _with_columns(table: Mapping, patch: Mapping) -> Mapping:
    """Columns with one value for all rows, or one for each; null removes one."""
    titles, rows = [*_titles(table)], _rows(table)
    cells = {name: [*_cells(row)] for name, row in rows.items()}
    for name, value in placed(patch.entries):
        names = [text_of(title) for title in titles]
        if not names or (is_null(value) and name not in names):
            _no_column(name, column_names(table))
        own = value.items if isinstance(value, Sequence) else (value,) * len(rows)
        if len(own) != len(rows) or isinstance(value, Mapping):
            message = f"column '{name}' needs one value, or a list of {len(rows)}"
            fail("AS203", message, name.place)
        number = names.index(name) if name in names else len(names)
        at = slice(number, number + 1)
        titles[at] = [] if is_null(value) else [Scalar(name, name, name.place)]
        if len(titles) * len(rows) > MAX_VALUES:
            message = f"more than {MAX_VALUES:,} values in a table with changed columns"
            fail("AS306", message, name.place)
        for row, cell in zip(cells.values(), own, strict=True):
            row[at] = [] if is_null(value) else [cell]
    columns = Sequence(tuple(titles), table.place_of("columns"))
    found = {n: Sequence(tuple(row), rows[n].place) for n, row in cells.items()}
    return _with(table.replaced(columns=columns), found)


def _with_rows(table: Mapping, patch: Mapping) -> Mapping:
    """Rows by name, or those of a list by number; null removes one."""
    by_number = any(map(str.isdigit, patch.entries))
    is_list = isinstance(table.get("rows"), Sequence)
    rows = _rows(table) if by_number or not is_list else {}
    for name, row in placed(patch.entries):
        if name not in rows and (by_number or isinstance(row, Mapping)):
            _no_row(name, rows)
        changed = row
        if isinstance(row, Mapping):
            changed = _with_cells(column_names(table), rows[name], row, name)
        rows[name] = changed
    kept = {name: row for name, row in rows.items() if not is_null(row)}
    return (
        _with(table, kept)
        if by_number
        else table.replaced(rows=Mapping(kept, patch.place))
    )


def _with_cells(columns: list[str], row: Node, patch: Mapping, name: Word) -> Node:
    """A row with other values in some columns."""
    cells = dict(zip(columns, _cells(row), strict=False))
    if not len(columns) == len(cells) == len(_cells(row)):
        message = f"row {name} does not have one value for each column"
        fail("AS203", message, row.place)
    for column, value in placed(patch.entries):
        if column not in cells:
            _no_column(column, columns)
        cells[column] = value
    return Sequence(tuple(cells.values()), patch.place)


def _rows(table: Mapping) -> dict[str, Node]:
    """The rows of a table by their names, or numbers from 0."""
    rows = table.get("rows")
    if isinstance(rows, Sequence):
        return {str(number): row for number, row in enumerate(rows.items)}
    return dict(table.section("rows").entries)


def _with(table: Mapping, rows: Entries[str, Node]) -> Mapping:
    """The table with other rows, in a list if it had one."""
    place = table.place_of("rows")
    if isinstance(table.get("rows"), Sequence):
        return table.replaced(rows=Sequence(tuple(rows.values()), place))
    return table.replaced(rows=Mapping(rows, place))


def _cells(row: Node) -> tuple[Node, ...]:
    """The values of a row; without brackets it is one."""
    return row.items if isinstance(row, Sequence) else (row,)


def _no_row(name: Word, rows: Entries[str, Node]) -> NoReturn:
    names = [*rows]
    help = did_you_mean(name, names) or f"expected one of: {', '.join(names[:20])}"
    if not names:
        help = "a new table lists its rows: [[16, 1], [24, 2]]"
    elif names[0].isdigit():
        help = f"rows are numbered from 0 to {names[-1]}, as in paths"
    fail("AS210", f"there is no row '{name}' to change", name.place, help)


def _no_column(name: Word, columns: list[str]) -> NoReturn:
    help = did_you_mean(name, columns) or f"expected one of: {', '.join(columns)}"
    if not columns:
        help = "a new table lists its columns: [c, n, s]"
    fail("AS210", f"there is no column '{name}' to change", name.place, help)
