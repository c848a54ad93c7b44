"""The attributes of a layer that a picture shows: its kernel, stride, heads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from archspec.expressions import Constant, Value
from archspec.language import Document
from archspec.network import Step
from archspec.ops import PRIMITIVES

KERNEL = "kernel"
KIND = "kind"


def details(document: Document, step: Step | None) -> tuple[str, ...]:
    """Its attributes as `3x3`, `stride 2`, `expand 6`.

    Left out are output channels, which are at the wire, settings that frameworks need
    as constants, rates, and attributes that are off or 1 by default.
    """
    if step is None:
        return ()
    found = list(_shown(document, step))
    kernels = [text for name, text in found if name == KERNEL]
    return (*kernels, *(text for name, text in found if name != KERNEL))


def _shown(document: Document, step: Step) -> Iterator[tuple[str, str]]:
    op = PRIMITIVES.get(step.op)
    channels, hidden = "", frozenset[str]()
    if op is not None:
        channels, hidden = op.output_channels, op.static_fields - {KERNEL, "size"}
    elif next(iter(step.attributes.values()), None) == step.output[0]:
        channels = next(iter(step.attributes))
    for name, value in step.attributes.items():
        is_given = name in step.given or name in (KERNEL, KIND)
        if not is_given or name == channels or name in hidden or _is_off(value):
            continue
        if value == 1 and name != KERNEL and _default(document, step.op, name) == 1:
            continue
        if text := _written(name, value):
            yield name, text


def _is_off(value: Value) -> bool:
    return value is None or isinstance(value, bool | float) or value == 0


def _default(document: Document, op: str, name: str) -> object:
    if op in PRIMITIVES:
        default = PRIMITIVES[op].fields[name].default
        return 1 if default == (1, 1) else default
    argument = document.blocks[op].arguments.get(name)
    expression = getattr(argument, "expression", None)
    return expression.value if isinstance(expression, Constant) else None


def _written(name: str, value: object) -> str:
    """An attribute in words; none of a list that is no pair."""
    if name == KIND:
        return str(value)
    pair = [*cast("tuple[object, ...]", value)] if isinstance(value, tuple) else [value]
    if not 1 <= len(pair) <= 2:
        return ""
    if name == KERNEL:
        return "x".join(map(str, pair * 2 if len(pair) == 1 else pair))
    text = str(pair[0]) if len({*pair}) == 1 else "x".join(map(str, pair))
    return f"{name.replace('_', ' ')} {text}"
