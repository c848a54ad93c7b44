"""What layers say: where an argument goes, what it is given, which names are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple, cast

from pydantic import BaseModel

from archspec.expressions import Expression, Name
from archspec.language import Block, Formula, JoinLayer, Layer, OpLayer, Table
from archspec.language.names import inner_layers
from archspec.targets.symbols import names_in


class Slot(NamedTuple):
    """An argument of a block, or an attribute of a primitive."""

    op: str
    name: str


def receivers(block: Block, argument: str) -> set[Slot] | None:
    """Where an argument goes as it is; None if something else reads it too."""
    given = [pair for pair in in_block(block) if pair[1].expression == Name(argument)]
    passed = {id(formula) for _, formula in given}
    reading = (f for f in _formulas(block) if argument in names_in(f.expression))
    if any(id(formula) not in passed for formula in reading):
        return None
    return {slot for slot, _ in given}


def given_for(
    blocks: Mapping[str, Block], slot: Slot
) -> Iterator[tuple[Block, Expression]]:
    """What an argument is given in blocks, and what it is by default."""
    declared = blocks[slot.op].arguments[slot.name]
    if isinstance(declared, Formula):
        yield blocks[slot.op], declared.expression
    for block in blocks.values():
        yield from ((block, f.expression) for to, f in in_block(block) if to == slot)


def kernel_beside(block: Block, padding: str) -> Expression | None:
    """The kernel that a layer is given together with this padding."""
    for _, layer in inner_layers(block.layers):
        given = {slot.name: formula.expression for slot, formula in said(layer)}
        if Name(padding) in given.values():
            return given.get("kernel")
    return None


def in_block(block: Block) -> Iterator[tuple[Slot, Formula]]:
    """Every attribute that a layer of the block gives."""
    return chain.from_iterable(said(layer) for _, layer in inner_layers(block.layers))


def said(layer: Layer) -> Iterator[tuple[Slot, Formula]]:
    """Every attribute that a layer or table gives."""
    given: list[tuple[str, Mapping[str, Formula | None]]] = []
    if isinstance(layer, OpLayer):
        given = [(layer.op.text, own) for own in (layer.attributes, layer.then)]
    elif isinstance(layer, Table):
        given = [(op, own) for op in layer.each for own in (layer.each[op], layer.then)]
    for op, own in given:
        yield from ((Slot(op, name), f) for name, f in own.items() if f is not None)


def local_names(block: Block) -> set[str]:
    """The names that are other values at each use of the block, or in each row."""
    layers = (layer for _, layer in inner_layers(block.layers))
    columns = chain.from_iterable(t.columns for t in layers if isinstance(t, Table))
    return {"in_channels", "channels", *block.arguments, *block.let, *columns}


def _formulas(part: object) -> Iterator[Formula]:
    """Every expression in a part of the document."""
    if isinstance(part, Formula):
        yield part
    elif isinstance(part, BaseModel):
        fields = type(part).model_fields
        yield from _formulas([getattr(part, name) for name in fields])
    elif isinstance(part, dict):
        yield from _formulas(list(cast("dict[str, object]", part).values()))
    elif isinstance(part, list):
        for value in cast("list[object]", part):
            yield from _formulas(value)


def references(layers: Mapping[str, Layer]) -> frozenset[str]:
    """The layers and rows that something reads by their names."""
    found: set[str | None] = set()
    for _, layer in inner_layers(layers):
        found.add(layer.origin and layer.origin.text)
        if isinstance(layer, OpLayer):
            found.add(layer.like and layer.like.text)
        if isinstance(layer, JoinLayer):
            found |= {b.origin and b.origin.text for b in layer.branches.values()}
    return frozenset(name for name in found if name)
