"""Reshapes, transposes, slices, and what depends on shapes alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np

from archspec.importing.building import Builder, Constant
from archspec.importing.layouts import (
    Unreadable,
    Value,
    expanded,
    permuted,
    reshaped,
)
from archspec.importing.onnx.arrays import resolved
from archspec.importing.onnx.operations.registry import constant, numbers, reads


class Parts:
    """A sequence of tensors."""

    def __init__(self, items: Sequence[Value]):
        self.items = items


@reads("Identity")
def _same(builder: Builder, x: Value) -> Value:
    return x


@reads("Dropout")
def _dropout(builder: Builder, x: Value, *others: Any, **_: Any) -> Value:
    """Its last input says whether it is on, since operator set 12."""
    if len(others) > 1 and others[1] is not None and any(numbers(others[1])):
        raise Unreadable("dropout that is not turned off when a model is not trained")
    return x


@reads("Cast")
def _cast(builder: Builder, x: Value, *, to: int, **_: Any) -> Value:
    if to not in (1, 10, 11, 16):
        raise Unreadable("a tensor of whole numbers")
    return x


@reads("CastLike")
def _cast_like(builder: Builder, x: Any, other: Any) -> Any:
    if isinstance(other, Constant) and other.array.dtype.kind != "f":
        raise Unreadable("a tensor of whole numbers")
    return x


@reads("Shape")
def _shape(
    builder: Builder, x: Value, *, start: int = 0, end: int | None = None
) -> Constant:
    return Constant("", np.array(x.shape[start:end], np.int64))


@reads("Size")
def _size(builder: Builder, x: Value) -> Constant:
    return Constant("", np.array(prod(x.shape), np.int64))


@reads("Reshape")
def _reshape(builder: Builder, x: Value, shape: Any, *, allowzero: int = 0) -> Value:
    wanted = resolved(numbers(shape), x.shape, keep_zeros=bool(allowzero))
    return reshaped(x, wanted)


@reads("Flatten")
def _flatten(builder: Builder, x: Value, *, axis: int = 1) -> Value:
    axis = axis % len(x.dims) if axis < 0 else axis
    return reshaped(x, (prod(x.shape[:axis]), prod(x.shape[axis:])))


@reads("Transpose")
def _transpose(builder: Builder, x: Value, *, perm: Sequence[int] = ()) -> Value:
    return permuted(x, perm or range(len(x.dims))[::-1])


@reads("Unsqueeze")
def _unsqueeze(builder: Builder, x: Value, axes: Any) -> Value:
    rank = len(x.dims) + len(numbers(axes))
    fresh = {axis % rank for axis in numbers(axes)}
    rest = iter(x.dims)
    return x._replace(
        dims=tuple(() if axis in fresh else next(rest) for axis in range(rank))
    )


@reads("Squeeze")
def _squeeze(builder: Builder, x: Value, axes: Any = None) -> Value:
    rank = len(x.dims)
    if axes is None:
        gone = {axis for axis, length in enumerate(x.shape) if length == 1}
    else:
        gone = {axis % rank for axis in numbers(axes)}
    return reshaped(x, [n for axis, n in enumerate(x.shape) if axis not in gone])


@reads("Expand")
def _expand(builder: Builder, x: Value, shape: Any) -> Value:
    return expanded(x, np.broadcast_shapes(x.shape, numbers(shape)))


@reads("Slice")
def _slice(
    builder: Builder, x: Value, starts: Any, ends: Any, *others: Any, axes: Any = None
) -> Value:
    axes, steps, *_ = (*others, None, None) if others else (axes, None)
    first, last = numbers(starts), numbers(ends)
    over = range(len(first)) if axes is None else numbers(axes)
    if steps is not None and set(numbers(steps)) != {1}:
        raise Unreadable("a slice with a step")
    for axis, start, end in zip(over, first, last, strict=True):
        bounds = range(x.shape[axis])[slice(start, end)]
        x = builder.sliced(x, axis, bounds.start, bounds.stop)
    return x


@reads("Split")
def _split(
    builder: Builder,
    x: Value,
    split: Any = None,
    *,
    axis: int = 0,
    num_outputs: int = 0,
) -> list[Value]:
    length = x.shape[axis]
    each = -(-length // max(1, num_outputs))
    sizes = [each] * (length // each) if split is None else list(numbers(split))
    if sum(sizes) < length:
        sizes.append(length - sum(sizes))
    pairs = zip(sizes, accumulate(sizes), strict=True)
    return [builder.sliced(x, axis, end - size, end) for size, end in pairs]


@reads("SplitToSequence")
def _parts(
    builder: Builder, x: Value, split: Any = None, *, axis: int = 0, keepdims: int = 1
) -> Parts:
    length = x.shape[axis]
    sizes = [1] * length if split is None else list(numbers(split))
    if split is not None and np.ndim(split.array) == 0:
        (each,) = sizes
        sizes = [min(each, length - at) for at in range(0, length, each)]
    found = _split(builder, x, Constant("", np.array(sizes)), axis=axis)
    return Parts(found if keepdims else [_squeeze(builder, v, [axis]) for v in found])


@reads("SequenceAt")
def _part(builder: Builder, parts: Parts, index: Any) -> Value:
    return parts.items[numbers(index)[0]]


@reads("Gather")
def _gather(builder: Builder, x: Any, indices: Any, *, axis: int = 0) -> Value:
    if not isinstance(x, Value):
        raise Unreadable("a table that the input chooses from")
    which: Any = constant(indices, "indices").array
    length = x.shape[axis]
    if which.ndim == 0:
        return builder.taken(x, axis, range(length)[int(which)])
    places = [range(length)[int(index)] for index in which.reshape(-1)]
    start, stop = places[0], places[0] + len(places)
    if places == list(range(start, stop)) and (which.ndim == 1 or stop == length):
        axis %= len(x.dims)
        x = builder.sliced(x, axis, start, stop)
        return reshaped(x, (*x.shape[:axis], *which.shape, *x.shape[axis + 1 :]))
    raise Unreadable("a choice of entries that are not next to each other")
