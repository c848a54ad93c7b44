"""The blocks of a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archspec.editing.part import Part
from archspec.editing.roles.calls import op
from archspec.editing.roles.known import Symbol
from archspec.editing.roles.layers import layers
from archspec.editing.roles.role import Around, Role, scalars
from archspec.language.canonical import BLOCK
from archspec.language.fields import INPUT


def blocks(value: Part, around: Around) -> Iterator[Role]:
    """All of them with what is in them."""
    for key, inner in value.entries:
        symbol = Symbol("block", key.text)
        is_new = around.is_new(key, "blocks")
        yield Role(key, "block", around, symbol, is_new, value=inner)
        if inner is not None:
            yield from _block(inner, replace(around, block=key.text))


def _block(value: Part, around: Around) -> Iterator[Role]:
    inside = _inside(around)
    for key, part in value.entries:
        yield Role(key, "key", around, keys=BLOCK, value=part)
        if part is None:
            continue
        match key.text:
            case "arguments":
                yield from _names(part, "argument", "type", inside)
            case "let":
                yield from _names(part, "let", "expression", inside)
            case "residual":
                yield from scalars(part, "expression", inside)
            case "extends":
                yield op(part, inside)
            case "layers":
                inside_layers = inside.predefined("channels", "residual")
                yield from layers(part, replace(inside_layers, tensors=_read(around)))
            case _:
                yield from scalars(part, "text", around)


def _inside(around: Around) -> Around:
    """With the names that expressions of the block see."""
    name, ops, known = around.block, around.ops, around.known
    tensors = ops.tensors(name)
    values = (own for own in ops.arguments(name) if own not in tensors)
    return (
        around.predefined("classes", "in_channels")
        .predefined(*(f"{tensor}_channels" for tensor in tensors))
        .sees(known.argument(name, own) for own in values)
        .sees(known.argument(name, own, "let") for own in ops.lets(name))
    )


def _read(around: Around) -> tuple[Symbol, ...]:
    """The tensors that the block reads."""
    name, known = around.block, around.known
    tensors = (known.argument(name, own) for own in around.ops.tensors(name))
    return (Symbol("input", INPUT), *tensors)


def _names(part: Part, kind: str, of_value: str, around: Around) -> Iterator[Role]:
    """The arguments of a block, or what it computes from them."""
    for key, value in part.entries:
        symbol = around.known.argument(around.block, key.text, kind)
        is_new = symbol.owner == around.block
        yield Role(key, "name", around, symbol, is_new, value=value)
        yield from scalars(value, of_value, around)
