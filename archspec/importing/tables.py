"""Layers one after the other as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, groupby, pairwise, product, takewhile
from typing import NamedTuple

from archspec.importing.columns import Columns, Defaulted, derived
from archspec.importing.draft import AGAIN, TABLE, Block, Layer, Said, readers
from archspec.importing.later_runs import is_next
from archspec.importing.naming import SMALL
from archspec.ops import PRIMITIVES

FEWEST = 3
"""Rows of a table; fewer are layers by themselves."""
SWITCHES = 3
"""Changes between ops in a table of several."""


class Row(NamedTuple):
    """Layers that are one row: all that say the same as the first."""

    layers: list[Layer]

    @property
    def op(self) -> str:
        """The op of the row."""
        return self.layers[0].op

    @property
    def said(self) -> Mapping[str, Said]:
        """What it says at first."""
        return self.layers[0].said


@dataclass
class Tables:
    """Puts tables into a list of layers."""

    default: Defaulted
    blocks: Mapping[str, Block]
    row_names: Callable[[Sequence[Sequence[Layer]], bool], list[str] | None]
    """The names of rows, if the source has some or they are needed."""
    ends: set[Layer]
    replaced: dict[Layer, Layer] = field(default_factory=dict[Layer, Layer])
    """The table, or a row of one, that stands for what was read before."""
    runs: dict[Layer, list[Layer]] = field(default_factory=dict[Layer, list[Layer]])
    """The layers that a table stands for."""
    seen: set[Layer] = field(default_factory=set[Layer])
    """Layers that others read than the next one, so that a row ends with each."""
    firsts: set[Layer] = field(default_factory=set[Layer])
    """Layers that run again, for which a table has no names."""

    def tabled(self, layers: Sequence[Layer]) -> list[Layer]:
        """The layers, some of them in tables."""
        return [made for run in self._runs(layers) for made in self._parts(run)]

    def _runs(self, layers: Sequence[Layer]) -> Iterator[list[Layer]]:
        """Layers of which each reads the one before it, and others read blocks only."""
        readers_of = readers(layers)
        self.seen = {n for n in layers if len(readers_of.get(n, ())) > 1} | self.ends
        self.firsts = {n.sources[-1] for n in layers if n.op == AGAIN}
        run: list[Layer] = []
        for layer in layers:
            if run and not self._follows(layer, run):
                yield run
                run = []
            run.append(layer)
        if run:
            yield run

    def _follows(self, layer: Layer, run: Sequence[Layer]) -> bool:
        before = run[-1]
        if AGAIN in (layer.op, before.op):
            return is_next(layer, before) and before not in self.seen
        if self.firsts & {layer, before}:
            return False
        is_block = before.op not in {*PRIMITIVES, *SMALL}
        first, *others = layer.sources or (None,)
        return (
            first is before
            and (not others or (layer.op in self.blocks and not {*others} & {*run}))
            and (is_block or before not in self.seen)
            and not layer.beside
            and not before.beside
        )

    def _parts(self, run: Sequence[Layer]) -> Iterator[Layer]:
        """A run as tables and layers: first what alternates, then what is of one op."""
        if found := _alternating(run):
            start, end = found
            yield from self._parts(run[:start])
            yield self._table(run[start:end])
            yield from self._parts(run[end:])
            return
        for _, group in groupby(run, key=lambda layer: layer.op):
            layers = list(group)
            _, rows = self._rows(layers, {})
            if len(rows) >= FEWEST and any(row.said != rows[0].said for row in rows):
                yield self._table(layers)
            else:
                yield from map(self._repeated, rows)

    def _rows(
        self, run: Sequence[Layer], formulas: Mapping[str, str]
    ) -> tuple[str | None, list[Row]]:
        """The rows, and the attribute that is another from a row's second run on."""
        names = sorted({name for layer in run for name in layer.said})
        plain = self._grouped(run, None)
        found: tuple[str | None, list[Row]] = None, plain
        for name in (name for name in names if name not in formulas):
            rows = self._grouped(run, name)
            saved = len(found[1]) - len(rows)
            if saved > (name != "stride" and len(plain) > len(names)):
                found = name, rows
        return found

    def _grouped(self, run: Sequence[Layer], changing: str | None) -> list[Row]:
        """Rows of layers that say the same, but for one attribute after the first."""
        rows: list[Row] = []
        for layer in run:
            last = rows[-1] if rows else None
            is_open = last is not None and last.layers[-1] not in self.seen
            if last and is_open and _is_again(layer, last, changing, self.default):
                last.layers.append(layer)
            else:
                rows.append(Row([layer]))
        return rows

    def _repeated(self, row: Row) -> Layer:
        """A row by itself."""
        first, *others = row.layers
        if not others:
            return first
        source, last = first.sources, others[-1].node
        repeated = Layer("", first.op, dict(first.said), source, last)
        repeated.beside["repeat"] = len(row.layers)
        changed = {
            name: self.default(first.op, name)
            for name, value in first.said.items()
            if others[0].said.get(name) != value
        }
        if changed:
            repeated.beside["then"] = changed
        return self._stands_for(repeated, row.layers)

    def _table(self, run: Sequence[Layer]) -> Layer:
        for layer in run:
            self._name_tensors(layer)
        formulas = derived(run, self.default)
        for layer, (name, formula) in product(run, formulas.items()):
            value = layer.said.pop(name, None)
            if value is not None and not formula.is_whole:
                layer.said[name] = int(value > 0)
        texts = {name: formula.text for name, formula in formulas.items()}
        changing, rows = self._rows(run, texts)
        columns = Columns(self.default, texts)
        for row in rows:
            columns.add(row.op, row.said, len(row.layers))
        ends = [row.layers[-1] for row in rows]
        read = [end for end in ends[:-1] if end in self.seen]
        names = self.row_names([row.layers for row in rows], bool(read))
        said = columns.said(names)
        if changing is not None:
            said["then"] = {changing: self.default(run[0].op, changing)}
        sources = run[0].sources[0], *chain(*(layer.sources[1:] for layer in run))
        table = Layer("", TABLE, said, sources, run[-1].node)
        for end, name in zip(ends, names or (), strict=False):
            if end in read:
                self.replaced[end] = Layer(name, "row", node=end.node, table=table)
        return self._stands_for(table, run)

    def _name_tensors(self, layer: Layer) -> None:
        """Let a layer say what it reads besides its input: rows have no sources."""
        others = self.blocks[layer.op].others if layer.op in self.blocks else ()
        for other, source in zip(others, layer.sources[1:], strict=False):
            layer.said[other.name] = self.replaced.get(source, source)

    def _stands_for(self, layer: Layer, run: Sequence[Layer]) -> Layer:
        """Make what read the last of a run read the layer instead of it."""
        self.replaced[run[-1]] = layer
        self.runs[layer] = list(run)
        return layer


def _alternating(run: Sequence[Layer]) -> tuple[int, int] | None:
    """The longest part of a run in which two ops take turns."""
    ops = [layer.op for layer in run]
    best: tuple[int, int] | None = None
    pairs = combinations(sorted(set(ops)), 2)
    for start, end in (part for pair in pairs for part in _stretches(ops, pair)):
        leading = takewhile(PRIMITIVES.__contains__, ops[start:end])
        first = start + len(list(leading))  # after what leads to it: a stem's pool
        part = ops[first:end]
        switches = sum(a != b for a, b in pairwise(part))
        longer = best is None or end - first > best[1] - best[0]
        is_plain = PRIMITIVES.keys() >= set(part) - SMALL
        if switches >= SWITCHES * (1 + is_plain) and longer:
            best = first, end
    return best


def _stretches(ops: Sequence[str], pair: tuple[str, str]) -> Iterator[tuple[int, int]]:
    """Where ops are of a pair for some time."""
    start = 0
    for inside, group in groupby(ops, key=lambda op: op in pair):
        end = start + len(list(group))
        if inside:
            yield start, end
        start = end


def _is_again(layer: Layer, row: Row, changing: str | None, default: Defaulted) -> bool:
    if layer.op != row.op:
        return False
    usual = None if changing is None else default(layer.op, changing)
    if usual is None:
        return layer.said == row.said
    rest = {name: value for name, value in row.said.items() if name != changing}
    own = {name: value for name, value in layer.said.items() if name != changing}
    return own == rest and layer.said.get(changing or "", usual) == usual
