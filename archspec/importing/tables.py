"""Layers of one block after the other as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from archspec.importing.draft import TABLE, Layer, Said, readers

FEWEST = 3
"""Rows of a table; fewer are layers by themselves."""

_COLUMNS = {
    "expand": "t",
    "filters": "c",
    "units": "c",
    "stride": "s",
    "kernel": "k",
    "hidden": "exp",
    "activation": "act",
    "growth": "g",
}
_ORDER = "op", "expand", "hidden", "kernel", "filters", "n", "se", "activation"
_LAST = ("stride",)


class Row(NamedTuple):
    """Layers that are one row: the first, and how often it runs."""

    layers: list[Layer]
    said: Mapping[str, Said]


Defaulted = Callable[[str, str], Said]
"""The constant that an argument of a block has if it is not given, else None."""


@dataclass
class Tables:
    """Puts tables into a list of layers."""

    default: Defaulted
    row_names: Callable[[Sequence[Sequence[Layer]]], list[str] | None]
    ends: set[Layer]
    replaced: dict[Layer, Layer] = field(default_factory=dict[Layer, Layer])
    """The table that stands for what was read before: the last layer in it."""
    runs: dict[Layer, list[Layer]] = field(default_factory=dict[Layer, list[Layer]])
    """The layers that a table stands for."""

    def tabled(self, layers: Sequence[Layer]) -> list[Layer]:
        """The layers, some of them in tables."""
        found: list[Layer] = []
        for run in self._runs(layers):
            found += [self._table(run)] if len(run) > 1 else run
        return found

    def _runs(self, layers: Sequence[Layer]) -> Iterator[list[Layer]]:
        """Layers one after the other, that could be one table or one repeated layer."""
        readers_of = readers(layers)
        run: list[Layer] = []
        for layer in layers:
            if run and self._follows(layer, run[-1], readers_of):
                run.append(layer)
                continue
            yield from self._cut(run)
            run = [layer]
        yield from self._cut(run)

    def _follows(
        self, layer: Layer, before: Layer, readers_of: Mapping[Layer, list[Layer]]
    ) -> bool:
        return (
            layer.op == before.op
            and layer.sources == (before,)
            and readers_of.get(before) == [layer]
            and before not in self.ends
            and not layer.beside
            and not before.beside
        )

    def _cut(self, run: list[Layer]) -> Iterator[list[Layer]]:
        """The run as a whole if it is worth a table, else its repeats one by one."""
        if len(run) < 2:
            yield from ([layer] for layer in run)
            return
        _, rows = self._rows(run)
        if len(rows) >= FEWEST:
            yield run
            return
        for row in rows:
            yield row.layers

    def _rows(self, run: list[Layer]) -> tuple[str | None, list[Row]]:
        """The rows, and the attribute that is another from a row's second run on."""
        names = {name for layer in run for name in layer.said}
        plain = _grouped(run, None, self.default)
        found: tuple[str | None, list[Row]] = None, plain
        for name in sorted(names):
            rows = _grouped(run, name, self.default)
            saved = len(found[1]) - len(rows)
            if saved > (name != "stride" and len(plain) > len(names)):
                found = name, rows
        return found

    def _table(self, run: list[Layer]) -> Layer:
        changing, rows = self._rows(run)
        last = run[-1]
        if len(rows) == 1:
            repeated = Layer("", last.op, dict(run[0].said), run[0].sources, last.node)
            repeated.beside["repeat"] = len(run)
            if changing is not None:
                repeated.beside["then"] = {changing: self.default(last.op, changing)}
            return self._stands_for(repeated, run)
        said = self._said(rows, changing)
        table = Layer("", TABLE, said, run[0].sources, last.node)
        return self._stands_for(table, run)

    def _stands_for(self, layer: Layer, run: Sequence[Layer]) -> Layer:
        """Make what read the last of a run read the layer instead of it."""
        self.replaced[run[-1]] = layer
        self.runs[layer] = list(run)
        return layer

    def _said(self, rows: Sequence[Row], changing: str | None) -> dict[str, Said]:
        op = rows[0].layers[0].op
        names = {name for row in rows for name in row.said}
        values = {
            name: [row.said.get(name, self.default(op, name)) for row in rows]
            for name in sorted(names, key=_place)
        }
        constant = {name for name, cells in values.items() if _all_equal(cells)}
        times = [len(row.layers) for row in rows]
        columns = {
            name: cells for name, cells in values.items() if name not in constant
        }
        if max(times) > 1:
            columns["n"] = times
        columns = {name: columns[name] for name in sorted(columns, key=_place)}
        order = sorted(names, key=_place)
        each = {
            name: values[name][0] if name in constant else column(name)
            for name in order
        }
        labels = self.row_names([row.layers for row in rows])
        cells = [list(row) for row in zip(*columns.values(), strict=True)]
        said: dict[str, Said] = {
            "columns": [column(name) for name in columns],
            "rows": dict(zip(labels, cells, strict=True)) if labels else cells,
            "each": {op: each},
        }
        if max(times) > 1:
            said["repeat"] = "n"
        if changing is not None:
            said["then"] = {changing: self.default(op, changing)}
        return said


def _grouped(
    run: Sequence[Layer], changing: str | None, default: Defaulted
) -> list[Row]:
    """Rows of layers that are told the same, apart from one attribute after the first."""
    rows: list[Row] = []
    for layer in run:
        if rows and _is_again(layer, rows[-1], changing, default):
            rows[-1].layers.append(layer)
        else:
            rows.append(Row([layer], layer.said))
    return rows


def _is_again(layer: Layer, row: Row, changing: str | None, default: Defaulted) -> bool:
    usual = None if changing is None else default(layer.op, changing)
    if changing is None or usual is None:
        return changing is None and layer.said == row.said
    rest = {name: value for name, value in row.said.items() if name != changing}
    own = {name: value for name, value in layer.said.items() if name != changing}
    return own == rest and layer.said.get(changing, usual) == usual


def _place(name: str) -> tuple[int, str]:
    if name in _LAST:
        return len(_ORDER) + 1, name
    return (_ORDER.index(name), name) if name in _ORDER else (4, name)


def _all_equal(cells: Sequence[Said]) -> bool:
    return all(cell == cells[0] and type(cell) is type(cells[0]) for cell in cells)


def column(name: str) -> str:
    """The name of an argument's column."""
    return _COLUMNS.get(name, name)
