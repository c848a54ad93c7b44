"""Other shapes and orders of the same numbers, and parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from archspec.importing.building import Builder
from archspec.importing.keras.layers.registry import Use, check_format, pair, reads
from archspec.importing.layouts import (
    Lacking,
    Unreadable,
    Value,
    permuted,
    reshaped,
    rolled,
)


@reads("Flatten")
def _flatten(builder: Builder, use: Use, x: Value) -> Value:
    check_format(use)
    return reshaped(x, (x.shape[0], -1))


@reads("Reshape")
def _reshape(builder: Builder, use: Use, x: Value) -> Value:
    config = use.config
    if "target_shape" in config:
        return reshaped(x, (x.shape[0], *_whole(config["target_shape"])))
    first, *shape = _whole(config["newshape"])
    if first not in (-1, x.shape[0]) or (first == -1 and -1 in shape):
        raise Unreadable("a reshape of the batch")
    return reshaped(x, (x.shape[0], *shape))


def _whole(given: Sequence[Any]) -> list[int]:
    numbers = [-1 if number is None else int(number) for number in given]
    if numbers.count(-1) > 1 or 0 in numbers or min(numbers) < -1:
        raise Unreadable(f"a reshape to {numbers}")
    return numbers


@reads("Permute")
def _permute(builder: Builder, use: Use, x: Value) -> Value:
    return permuted(x, (0, *map(int, use.config["dims"])))


@reads("Transpose")
def _transpose(builder: Builder, use: Use, x: Value) -> Value:
    return permuted(x, [int(axis) for axis in use.config["axes"]])


@reads("Swapaxes")
def _swap(builder: Builder, use: Use, x: Value) -> Value:
    order = [*range(len(x.dims))]
    one, other = int(use.config["axis1"]), int(use.config["axis2"])
    order[one], order[other] = order[other], order[one]
    return permuted(x, order)


@reads("ExpandDims")
def _expand(builder: Builder, use: Use, x: Value) -> Value:
    axis = int(use.config["axis"]) % (len(x.dims) + 1)
    return x._replace(dims=(*x.dims[:axis], (), *x.dims[axis:]))


@reads("Squeeze")
def _squeeze(builder: Builder, use: Use, x: Value) -> Value:
    axis = use.config["axis"]
    if not isinstance(axis, int) or x.shape[axis] != 1:
        raise Unreadable("a squeeze of all axes, or of one that is not of size 1")
    dims = [dim for n, dim in enumerate(x.dims) if n != axis % len(x.dims)]
    return x._replace(dims=tuple(dims))


@reads("Roll")
def _roll(builder: Builder, use: Use, x: Value) -> Value:
    return rolled(x, use.config["shift"], use.config["axis"])


@reads("Split")
def _split(builder: Builder, use: Use, x: Value) -> list[Value]:
    axis, given = int(use.config["axis"]), use.config["indices_or_sections"]
    length = x.shape[axis]
    if isinstance(given, int):
        given = [*accumulate([length // given] * (given - 1))]
    bounds = pairwise([0, *map(int, given), length])
    return [builder.sliced(x, axis, start, stop) for start, stop in bounds]


@reads("ExtractPatches")
def _patches(builder: Builder, use: Use, x: Value) -> Value:
    """Patches that do not overlap, as channels (row, column, channel)."""
    check_format(use)
    config = use.config
    size = pair(config["size"])
    fits = [n % k == 0 for n, k in zip(x.shape[1:3], size, strict=True)]
    is_dilated = pair(config.get("dilation_rate") or 1) != (1, 1)
    if pair(config.get("strides") or size) != size or is_dilated or not all(fits):
        raise Lacking("patches that overlap, or do not cover the image")
    batch, height, width, channels = x.shape
    rows, columns = height // size[0], width // size[1]
    cut = reshaped(x, (batch, rows, size[0], columns, size[1], channels))
    found = reshaped(permuted(cut, (0, 1, 3, 2, 4, 5)), (batch, rows, columns, -1))
    return builder.settled(found, -1, any_order=True)


@reads("GetItem")
def _item(builder: Builder, use: Use, x: Value, key: Any) -> Value:
    """As `x[:, 0]`, `x[..., 2:]` or `x[:, ::2, ::2]`."""
    parts: list[Any] = [*key] if isinstance(key, list) else [key]
    if Ellipsis in parts:
        place, rest = parts.index(Ellipsis), len(x.dims) - len(parts) + 1
        parts[place : place + 1] = [slice(None)] * rest
    axis = 0
    for part in parts:
        x = _part(builder, x, axis, part)
        axis += not isinstance(part, int)
    return x


def _part(builder: Builder, x: Value, axis: int, part: Any) -> Value:
    length = x.shape[axis]
    if isinstance(part, int):
        return builder.taken(x, axis, part % length)
    if not isinstance(part, slice):
        raise Unreadable(f"an index that is {part!r:.40}")
    start, stop, step = part.indices(length)
    if step > 1 and stop == length:
        return builder.stepped(x, axis, start, step)
    if step != 1 or stop <= start:
        raise Unreadable("a slice backwards, or of nothing")
    return builder.sliced(x, axis, start, stop)
