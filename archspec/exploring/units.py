"""The layers of a document in units, each of which is evaluated as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archspec.elaboration.tables import Row, rows_of
from archspec.exploring.names import Dependencies, named, read_by_name, run_again
from archspec.exploring.remembering import Memo
from archspec.language import Layer, Table


class Unit:
    """One or more layers in a row.

    `names` are those of the document that they depend on, `reads` the layers and inputs
    that they refer to, some of which may be among themselves. Units are equal only if
    they are the same object, so that they can be keys.
    """

    def __init__(self, layers: Mapping[str, Layer], dependencies: Dependencies):
        self.layers = layers
        self.names = dependencies.of_layers(layers)
        self.reads = read_by_name(layers)


class RowUnit:
    """A row of a table.

    `is_placed` is whether it depends on the numbers of its runs, `is_fixed` whether
    nothing changes how many there are.
    """

    def __init__(self, name: str, row: Row, dependencies: Dependencies):
        table = row.table
        self.row = row
        said = [*_cells(row), table.each[row.op], table.then]
        names = {*named(said)}
        self.names = dependencies.of(names, [row.op])
        self.is_placed = not names.isdisjoint(("index", "count"))
        self.reads = tuple(table.tensors.get(row.name, {}).values())
        counted = {*named(_cells(row))} | ({*named(row.repeat)} - {*table.columns})
        self.is_fixed = counted <= {"row"}
        self.name = name
        self.times: int | None = None
        """How many runs there are, if that is fixed and known."""


def _cells(row: Row) -> Sequence[Any]:
    return row.table.rows[row.name]


class TableUnit(Unit):
    """A table, whose rows are units of their own."""

    def __init__(self, name: str, table: Table, memo: Memo):
        super().__init__({name: table}, memo.dependencies)
        self.name, self.table = name, table
        self.rows = [_row(name, row, memo) for row in rows_of(table)]


def _row(name: str, row: Row, memo: Memo) -> RowUnit:
    """The unit of the row, perhaps of a table in which other rows have changed."""
    table = row.table
    parts = table.columns, table.each, table.then, table.repeat, table.tensors
    # It has the table, and so keeps alive what the key is made of.
    key = RowUnit, name, row.name, row.number, *map(id, (*parts, *_cells(row)))
    return memo.keep(key, lambda: RowUnit(name, row, memo.dependencies))


def grouped(layers: Mapping[str, Layer]) -> Iterator[tuple[str, ...]]:
    """The names of layers, together from one that runs again to the last time."""
    last = {
        again: number
        for number, layer in enumerate(layers.values())
        for again in run_again(layer)
    }
    group: list[str] = []
    end = 0
    for number, name in enumerate(layers):
        group.append(name)
        end = max(end, last.get(name, number))
        if number == end:
            yield tuple(group)
            group = []
            end += 1
