"""Ops and what they are given: attributes, arguments and tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archspec.editing.part import Part
from archspec.editing.roles.known import Symbol
from archspec.editing.roles.role import Around, Role, scalars
from archspec.ops import OPS


def calls(value: Part, around: Around) -> Iterator[Role]:
    """Ops with their attributes: `defaults`, and `each` of a table."""
    if value.kind == "scalar":
        yield op(value, around)
    for key, given in value.entries:
        yield op(key, around, given)
        yield from attributes(key.text, given, around)


def op(part: Part, around: Around, value: Part | None = None) -> Role:
    """The name of a primitive or block."""
    symbol = Symbol("block", part.text) if part.text in around.ops.own else None
    return Role(part, "op", replace(around, op=part.text), symbol, value=value)


def attributes(op: str, value: Part | None, around: Around) -> Iterator[Role]:
    """What an op or block is given: by its main attribute, or by names."""
    if value is None:
        return
    around = replace(around, op=op)
    if value.kind != "mapping":
        main = next(iter(around.ops.attributes(op)), "")
        yield from _given(value, replace(around, attribute=main))
        return
    for key, inner in value.entries:
        yield from attribute(key, inner, around)


def attribute(key: Part, value: Part | None, around: Around) -> Iterator[Role]:
    """An attribute of the op around it."""
    is_own = around.op in around.ops.own
    symbol = around.known.argument(around.op, key.text) if is_own else None
    around = replace(around, attribute=key.text)
    yield Role(key, "attribute", around, symbol, value=value)
    if value is not None:
        yield from _given(value, around)


def _given(value: Part, around: Around) -> Iterator[Role]:
    """The value of an attribute, or the tensor that a block reads."""
    op, name = around.op, around.attribute
    is_like = op in OPS and OPS[op].like is not None and name == "like"
    if is_like or name in around.ops.tensors(op):
        yield from _tensor(value, around)
    else:
        yield from scalars(value, "expression", around)


def _tensor(value: Part, around: Around) -> Iterator[Role]:
    """A reference, or a column that has some."""
    symbol = around.scope.get(value.text)
    if symbol is not None and symbol.kind == "column":
        yield Role(value, "expression", around)
    else:
        yield from reference(value, around)


def reference(value: Part | None, around: Around) -> Iterator[Role]:
    """The name of a layer, input or row: `stages.2` is of both."""
    if value is None:
        return
    if value.kind != "scalar" or value.is_null:
        yield from scalars(value, "unknown", around)
        return
    name, dot, row = value.text.partition(".")
    known = (s for s in around.tensors if s.name == name and s.kind != "row")
    symbol = next(known, Symbol("layer", name, around.block))
    start = value.start + (1 if value.quoted else 0)
    part = Part("scalar", start, start + len(name), name) if dot else value
    yield Role(part, "reference", around, symbol)
    if dot:
        inner = part.end + 1
        part = Part("scalar", inner, inner + len(row), row)
        symbol = Symbol("row", row, f"{symbol.owner}/{name}")
        yield Role(part, "reference", around, symbol)
