"""Rows of a table: values, ops and repeats."""

from __future__ import annotations

from typing import NamedTuple

from archspec.elaboration.frames import Given, Origin, Written, written_as
from archspec.elaboration.scopes import repeats, value_if_known
from archspec.expressions import Scope, Value
from archspec.language import Formula, Table, Word


class Row(NamedTuple):
    """A row by its name and its number from 0."""

    table: Table
    name: str
    number: int
    op: Word

    def cells(self, scope: Scope) -> dict[str, Value]:
        """Values of the columns and the row's number; None means not given."""
        seen = {**scope, "row": self.number}
        pairs = zip(self.table.columns, self.table.rows[self.name], strict=True)
        values = {
            column: value_if_known(cell, seen) if isinstance(cell, Formula) else None
            for column, cell in pairs
            if not isinstance(cell, Word)
        }
        return {**values, "row": self.number}

    @property
    def written(self) -> Written:
        """The values by their columns."""
        pairs = zip(self.table.columns, self.table.rows[self.name], strict=True)
        return {name: Origin(cell) for name, cell in pairs if isinstance(cell, Formula)}

    def times(self, scope: Scope) -> int:
        """Number of runs; only here, `channels` are those of the table's input."""
        if self.repeat is None:
            return 1
        place = written_as(self.repeat, self.written).formula.place
        return repeats(self.repeat, {**scope, **self.cells(scope)}, place)

    @property
    def repeat(self) -> Formula | None:
        """The formula of the number of runs, if there is one."""
        return self.table.repeat_of(self.name)

    def given(self, number: int) -> Given:
        """The attributes at a repeat; `then` changes only what this op is given."""
        each = self.table.each[self.op]
        if number == 0:
            return each
        return {name: self.table.then.get(name, own) for name, own in each.items()}


def rows_of(table: Table) -> list[Row]:
    """The rows in order."""
    return [
        Row(table, name, number, _op(table, cells))
        for number, (name, cells) in enumerate(table.rows.items())
    ]


def _op(table: Table, cells: list[Formula | Word | None]) -> Word:
    """The op of a row, with the place for its errors."""
    places = [cell.place for cell in cells if cell is not None]
    for cell in cells:
        if isinstance(cell, Word):
            return cell
    return Word(next(iter(table.each)), (places or [table.place])[0])
