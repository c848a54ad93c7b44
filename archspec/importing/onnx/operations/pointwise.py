"""Activations that are one operation, sums and products.

Those that are chains of operations are recognised by what they compute.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from archspec.importing.building import Builder, Constant, Stacked
from archspec.importing.layouts import Unreadable, Value
from archspec.importing.onnx.operations.registry import bias_of, reads


@reads("Softmax")
def _softmax(builder: Builder, x: Value, *, axis: int = -1) -> Value:
    return builder.channelwise("activation", x, axis, {}, kind="softmax")


@reads("Add", "Sum")
def _add(builder: Builder, *given: Any) -> Value:
    values = [each for each in given if isinstance(each, Value)]
    found = builder.join("add", values) if len(values) > 1 else values[0]
    for each in given:
        if isinstance(each, Constant) and bias_of(each) is not None:
            found = builder.shifted(found, each)
    return found


@reads("Sub")
def _sub(builder: Builder, x: Any, other: Any) -> Value:
    if isinstance(x, Value) and isinstance(other, Constant):
        return builder.shifted(x, other.computed(-other.array))
    if not (isinstance(x, Value) and isinstance(other, Value)):
        raise Unreadable("a constant less a tensor")
    return builder.join("subtract", [x, other])


@reads("Mul")
def _mul(builder: Builder, x: Any, other: Any) -> Value:
    if isinstance(x, Value) and isinstance(other, Value):
        return builder.join("multiply", [x, other])
    value, factor = (x, other) if isinstance(x, Value) else (other, x)
    return builder.scaled(value, factor)


@reads("Div")
def _div(builder: Builder, x: Any, other: Any) -> Value:
    if not isinstance(other, Constant) or not other.array.all():
        raise Unreadable("a quotient of tensors")
    return builder.scaled(x, other.computed(1 / other.array.astype(np.float64)))


@reads("Concat")
def _concat(builder: Builder, *values: Any, axis: int) -> Value | Stacked:
    kept = [each for each in values if 0 not in each.shape]
    if len(kept) == 1:
        return kept[0]
    axis %= len(kept[0].shape)
    if all(isinstance(each, Value) and _is_raised(each, axis) for each in kept):
        dims = [(*each.dims[:axis], *each.dims[axis + 1 :]) for each in kept]
        pairs = zip(kept, dims, strict=True)
        return builder.stacked([each._replace(dims=own) for each, own in pairs], axis)
    return builder.concat(kept, axis)


def _is_raised(value: Value, axis: int) -> bool:
    """Whether a dimension is one that the value's node does not have."""
    return len(value.dims) > 1 + len(value.axes) and not value.dims[axis]
