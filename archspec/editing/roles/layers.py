"""Layers and the branches of joins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archspec.editing.part import Part
from archspec.editing.roles.calls import attribute, attributes, op, reference
from archspec.editing.roles.known import Symbol, layers_path, tensors_of
from archspec.editing.roles.role import Around, Role, scalars
from archspec.editing.roles.tables import inside, table_key
from archspec.language.canonical_layers import BRANCH, TABLE
from archspec.ops import JOINS
from archspec.words import MODIFIERS

_BESIDE = (*MODIFIERS, *TABLE)
"""The keys of a layer that are no op."""


def layers(value: Part, around: Around) -> Iterator[Role]:
    """Layers in order, each of which can name those before it."""
    path = layers_path(around.block)
    if around.variant or len(around.known.documents) > 1:
        around = around.names(*around.known.tensors(around.block))
    for key, layer in value.entries:
        symbol = Symbol("layer", key.text, around.block)
        below = replace(around, layer=key.text)
        is_new = around.is_new(key, *path)
        if layer is None or {"after", "before"}.isdisjoint(layer.keys):
            is_new &= not around.ops.is_patch(around.block)
        yield Role(key, "layer", below, symbol, is_new, value=layer)
        if layer is not None:
            yield from _layer(layer, below)
        around = around.names(*tensors_of(key.text, layer, around.block))


def _layer(layer: Part, around: Around) -> Iterator[Role]:
    if layer.kind != "mapping":
        yield Role(layer, "text", around) if layer.is_null else op(layer, around)
        return
    before = around.known.layer(around.block, around.layer)
    table = _table(layer, before)
    if "repeat" in layer.keys or table is not None:
        around = around.predefined("step")
    if table is not None:
        yield from _of_table(layer, replace(around, table=table))
        return
    own = next(iter(_ops(layer) or _ops(before)), "")
    for key, value in layer.entries:
        if key.text in _BESIDE:
            yield from _modifier(key, value, replace(around, op=own))
        elif key.text == "again":
            yield from _again(key, value, around)
        else:
            yield op(key, around, value)
            yield from _call(key.text, value, around)


def _of_table(layer: Part, around: Around) -> Iterator[Role]:
    within = inside(layer, around)
    for key, value in layer.entries:
        if value is not None and key.text in TABLE:
            yield from table_key(key, value, layer, around)
        else:
            yield from _modifier(key, value, within)


def _table(layer: Part, before: Part | None) -> Part | None:
    """The table that it is, or patches."""
    patched = before if before is not None and "columns" in before.keys else None
    if not {*TABLE}.isdisjoint(layer.keys):
        return patched or layer
    return None if _ops(layer) else patched


def _ops(layer: Part | None) -> list[str]:
    """The keys of a layer that name ops: one, unless it is wrong."""
    if layer is None:
        return []
    if layer.kind == "scalar":
        return [layer.text]
    return [key for key in layer.keys if key not in _BESIDE]


def _modifier(key: Part, value: Part | None, around: Around) -> Iterator[Role]:
    yield Role(key, "key", around, keys=_BESIDE, value=value)
    if key.text in ("from", "after", "before"):
        yield from reference(value, around)
    elif key.text == "then":
        yield from attributes(around.op, value, around)
    else:
        yield from scalars(value, "expression", around)


def _again(key: Part, value: Part | None, around: Around) -> Iterator[Role]:
    """The layer that runs once more, and the tensors that it reads this time."""
    yield Role(key, "key", around, keys=("again",), value=value)
    if value is None or value.kind != "mapping":
        yield from reference(value, around)
        return
    for first, given in value.entries:
        yield from reference(first, around)
        for name, tensor in given.entries if given is not None else ():
            yield Role(name, "attribute", around, value=tensor)
            yield from reference(tensor, around)


def _call(op: str, value: Part | None, around: Around) -> Iterator[Role]:
    """What an op is given: of a join, its branches, too."""
    if op not in JOINS or value is None or value.kind != "mapping":
        yield from attributes(op, value, around)
        return
    around = replace(around, op=op)
    roles = JOINS[op].roles
    for key, inner in value.entries:
        if key.text in roles or not roles:
            yield Role(key, "branch", around, keys=roles, value=inner)
            yield from _branch(inner, around)
        else:
            yield from attribute(key, inner, around)


def _branch(value: Part | None, around: Around) -> Iterator[Role]:
    if value is None or value.kind != "mapping":
        yield from scalars(value, "unknown", around)
        return
    if not {"repeat", "series"}.isdisjoint(value.keys):
        around = around.predefined("step")
    for key, inner in value.entries:
        if key.text not in BRANCH:
            continue
        yield Role(key, "key", around, keys=BRANCH, value=inner)
        if key.text == "from":
            yield from reference(inner, around)
        else:
            yield from scalars(inner, "expression", around)
    rest = [(k, v) for k, v in value.entries if k.text not in BRANCH]
    own = Part("mapping", value.start, value.end, flow=value.flow, entries=rest)
    yield from layers(own, replace(around, layer="", op="", attribute=""))
