"""Tensor arguments: what layers and rows give for them are references.

Which attributes those are is known when all blocks are. Then they move from the
attributes, which are expressions, to the `tensors` of a layer or table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

from archspec.errors import Diagnostic, did_you_mean
from archspec.expressions import Constant, Name, to_text, walk
from archspec.language.document import Block, Document
from archspec.language.fields import INPUT, Formula
from archspec.language.layers import (
    AgainLayer,
    Attributes,
    JoinLayer,
    Layer,
    OpLayer,
    Table,
    inner_layers,
)
from archspec.reading.nodes import Word, placed, words

Layers = Mapping[str, Layer]


def tensor_faults(document: Document) -> Iterator[Diagnostic]:
    """Tensor arguments that are given anything but a reference (AS302).

    Also those that `then` or `defaults` give (AS204).
    """
    blocks = document.blocks
    for op, attributes in document.defaults.items():
        yield from _unchangeable(blocks.get(op), attributes, "'defaults'")
    bodies = document.layers, *(b.layers for b in blocks.values() if not b.standard)
    for named in map(dict, map(inner_layers, bodies)):
        for layer in named.values():
            first = named.get(layer.again) if isinstance(layer, AgainLayer) else None
            yield from _wrong(layer, first, blocks)


def _wrong(
    layer: Layer, first: Layer | None, blocks: Mapping[str, Block]
) -> Iterator[Diagnostic]:
    if isinstance(layer, AgainLayer):
        yield from _wrong_again(layer, first, blocks)
    if isinstance(layer, JoinLayer | AgainLayer):
        return
    calls: Mapping[str, Attributes] = (
        layer.each if isinstance(layer, Table) else {layer.op: layer.attributes}
    )
    for op, given in calls.items():
        if block := blocks.get(op):
            yield from _unchangeable(block, layer.then, "'then'")
            yield from _wrong_given(layer, block, given, blocks)


def _wrong_given(
    layer: Layer, block: Block, given: Attributes, blocks: Mapping[str, Block]
) -> Iterator[Diagnostic]:
    for argument in block.tensors:
        values = [given.get(argument)]
        if isinstance(layer, Table):
            values = _Rows(layer, blocks).given(given.get(argument))
        for value in values:
            yield from _fault(block, argument, value)


def _wrong_again(
    layer: AgainLayer, first: Layer | None, blocks: Mapping[str, Block]
) -> Iterator[Diagnostic]:
    """Whatever a later run is given that is no tensor argument of the first."""
    block = blocks.get(first.op) if isinstance(first, OpLayer) else None
    own = _tensors(block)
    for name in words(layer.tensors):
        if isinstance(first, OpLayer) and name not in own:
            message = f"'{name}' is no tensor argument of {first.op}"
            help = "only tensors can change when a layer runs again"
            help = did_you_mean(name, own) or help
            yield Diagnostic("AS204", message, name.place, help=help)


def reads_several(layer: Layer, blocks: Mapping[str, Block]) -> bool:
    """Whether it calls a block with tensor arguments, which is no part of a stack."""
    ops: list[str] = [layer.op] if isinstance(layer, OpLayer) else []
    if isinstance(layer, Table):
        ops = [_Rows(layer, blocks).op(row) for row in layer.rows]
    return any(_tensors(blocks.get(op)) for op in ops)


def with_tensors(document: Document) -> Document:
    """The document whose layers have references apart from expressions."""
    blocks = document.blocks
    if not any(block.tensors for block in blocks.values()):
        return document
    changed = {
        name: replace(block, layers=_moved(block.layers, blocks))
        for name, block in blocks.items()
    }
    defaults = {
        op: _without(given, _tensors(blocks.get(op)))
        for op, given in placed(document.defaults)
    }
    layers = _moved(document.layers, blocks)
    return replace(
        document,
        defaults=cast("dict[str, Attributes]", defaults),
        blocks=changed,
        layers=layers,
    )


def _tensors(block: Block | None) -> list[str]:
    return block.tensors if block else []


def _unchangeable(
    block: Block | None, given: Attributes, by: str
) -> Iterator[Diagnostic]:
    for name in words(given):
        if block and name in block.tensors:
            message = f"{by} cannot give '{name}' of {block.name}, which is a tensor"
            help = "give it where the block is called"
            yield Diagnostic("AS204", message, name.place, help=help)


def _fault(block: Block, argument: str, given: Formula | None) -> Iterator[Diagnostic]:
    if given is not None and _reference(given) is None:
        found = to_text(given.expression)
        message = f"{block.name}: '{argument}' must be a tensor, but is {found}"
        help = "give the name of an earlier layer, or 'input'"
        yield Diagnostic("AS302", message, given.place, help=help)


def _reference(given: Formula | None) -> Word | None:
    """The name that an expression is, also if the language knows it as a word."""
    match given:
        case Formula(Name(id), place):
            return Word(id, place)
        case Formula(Constant(str(word)), place):
            return Word(word, place)
        case _:
            return None


def _moved(layers: Layers, blocks: Mapping[str, Block]) -> dict[str, Layer]:
    return {name: _layer(layer, blocks) for name, layer in placed(layers)}


def _layer(layer: Layer, blocks: Mapping[str, Block]) -> Layer:
    if isinstance(layer, JoinLayer):
        branches = {
            name: replace(branch, layers=_moved(branch.layers, blocks))
            for name, branch in placed(layer.branches)
        }
        return replace(layer, branches=branches)
    if isinstance(layer, Table):
        return _Rows(layer, blocks).moved()
    if isinstance(layer, AgainLayer):
        return layer
    own = _tensors(blocks.get(layer.op))
    given = {name: _reference(layer.attributes.get(name)) for name in own}
    return replace(
        layer,
        attributes=_without(layer.attributes, own),
        then=_without(layer.then, own),
        tensors={name: word for name, word in given.items() if word is not None},
    )


def _without(attributes: Attributes, names: list[str]) -> Attributes:
    return {name: f for name, f in placed(attributes) if name not in names}


@dataclass(frozen=True)
class _Rows:
    """The rows of a table, whose values may be references."""

    table: Table
    blocks: Mapping[str, Block]

    def given(self, attribute: Formula | None) -> list[Formula | None]:
        """The value of an attribute in each row, or the one of all rows."""
        column = self.column(attribute)
        if column is None:
            return [attribute]
        return [self.cells(row).get(column) for row in self.table.rows]

    def column(self, attribute: Formula | None) -> str | None:
        """The column whose name is the whole attribute."""
        name = _reference(attribute)
        return name if name in self.table.columns else None

    def cells(self, row: str) -> dict[str, Formula | None]:
        pairs = zip(self.table.columns, self.table.rows[row], strict=False)
        return {c: v for c, v in pairs if not isinstance(v, Word)}

    def op(self, row: str) -> str:
        """The op of a row."""
        words = (cell for cell in self.table.rows[row] if isinstance(cell, Word))
        return next(words, next(iter(self.table.each), ""))

    def tensors(self, row: str) -> dict[str, Word]:
        """The references that a row gives, by the arguments of its block."""
        op = self.op(row)
        each = self.table.each.get(op, {})
        cells = self.cells(row)
        found: dict[str, Word] = {}
        for argument in _tensors(self.blocks.get(op)):
            given = each.get(argument)
            column = self.column(given)
            word = _reference(given if column is None else cells.get(column))
            found |= {argument: word} if word is not None else {}
        return found

    def meant(self) -> set[Word]:
        """The columns that nothing reads, where a block lacks a tensor.

        Their values are probably references, so only the missing tensor is reported.
        """
        table, blocks = self.table, self.blocks
        called = {op: blocks[op] for op in map(self.op, table.rows) if op in blocks}
        lacking = [
            name
            for op, block in called.items()
            for name in block.tensors
            if block.arguments[name] != INPUT and name not in table.each.get(op, {})
        ]
        if not lacking:
            return set[Word]()
        given = [
            formula
            for op, attributes in table.each.items()
            for name, formula in attributes.items()
            if op not in blocks or name in blocks[op].arguments
        ]
        formulas = filter(None, [*given, *table.then.values(), table.repeat])
        parts = chain.from_iterable(walk(each.expression) for each in formulas)
        read = {part.id for part in parts if isinstance(part, Name)}
        return {column for column in table.columns if column not in {*read, "op"}}

    def moved(self) -> Table:
        table = self.table
        own = {op: _tensors(self.blocks.get(op)) for op in table.each}
        given = (
            table.each[op].get(name) for op, names in own.items() for name in names
        )
        columns = {column for column in map(self.column, given) if column is not None}
        meant = self.meant()
        columns |= meant
        kept = [n for n, column in enumerate(table.columns) if column not in columns]
        rows = {
            name: [cells[n] for n in kept if n < len(cells)]
            for name, cells in placed(table.rows)
        }
        each = {
            op: {
                name: None if _reference(formula) in meant else formula
                for name, formula in _without(table.each[op], own[op]).items()
            }
            for op in words(table.each)
        }
        tensors = {row: found for row in table.rows if (found := self.tensors(row))}
        return replace(
            table,
            columns=[table.columns[n] for n in kept],
            references=[c for c in table.columns if c in columns],
            rows=rows,
            each=cast("dict[str, Attributes]", each),
            then=_without(table.then, [*chain.from_iterable(own.values())]),
            tensors=tensors,
        )
