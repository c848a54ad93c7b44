"""The same numbers in other dimensions, and parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from archspec.importing.building import Builder, Constant
from archspec.importing.layouts import (
    Unreadable,
    Value,
    arrangement,
    expanded,
    permuted,
    reshaped,
    rolled,
)
from archspec.importing.torch.members import DTYPES
from archspec.importing.torch.operations.registry import reads
from archspec.ops import Shape


@reads("alias", "clone", "contiguous", "detach", "lift_fresh_copy")
def _same(builder: Builder, x: Value, *_: Any, **__: Any) -> Value:
    return x


@reads("to", "_to_copy", "type_as")
def _cast(
    builder: Builder, x: Value, *, dtype: int = 7, other: Any = None, **_: Any
) -> Value:
    like = other.array.dtype.kind if isinstance(other, Constant) else "f"
    if np.dtype(DTYPES.get(dtype, "float32")).kind != "f" or like != "f":
        raise Unreadable("a tensor of whole numbers")
    return x


@reads("view", "reshape", "_unsafe_view")
def _view(
    builder: Builder, x: Value, size: Sequence[int] = (), shape: Sequence[int] = ()
) -> Value:
    return reshaped(x, size or shape)


@reads("reshape_as", "view_as")
def _view_as(builder: Builder, x: Value, other: Any) -> Value:
    return reshaped(x, other.shape)


@reads("flatten")
def _flatten(
    builder: Builder, x: Value, start_dim: int = 0, end_dim: int = -1
) -> Value:
    start, end = (dim % len(x.dims) for dim in (start_dim, end_dim))
    return reshaped(x, (*x.shape[:start], -1, *x.shape[end + 1 :]))


@reads("unflatten")
def _unflatten(builder: Builder, x: Value, dim: int, sizes: Sequence[int]) -> Value:
    dim %= len(x.dims)
    return reshaped(x, (*x.shape[:dim], *sizes, *x.shape[dim + 1 :]))


@reads("permute")
def _permute(builder: Builder, x: Value, dims: Sequence[int]) -> Value:
    return permuted(x, [dim % len(x.dims) for dim in dims])


@reads("transpose")
def _transpose(builder: Builder, x: Value, dim0: int, dim1: int) -> Value:
    order = list(range(len(x.dims)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return permuted(x, order)


@reads("mT")
def _matrix_transpose(builder: Builder, x: Value) -> Value:
    return _transpose(builder, x, -2, -1)


@reads("unsqueeze")
def _unsqueeze(builder: Builder, x: Value, dim: int) -> Value:
    dim %= len(x.dims) + 1
    return x._replace(dims=(*x.dims[:dim], (), *x.dims[dim:]))


@reads("squeeze")
def _squeeze(builder: Builder, x: Value, dim: Any = None) -> Value:
    given = (
        range(len(x.dims)) if dim is None else [dim] if isinstance(dim, int) else dim
    )
    gone = {each % len(x.dims) for each in given}
    kept = [d for n, d in enumerate(x.dims) if n not in gone or d]
    return x._replace(dims=tuple(kept))


@reads("expand")
def _expand(
    builder: Builder, x: Value, size: Sequence[int], implicit: bool = False
) -> Value:
    return expanded(x, size)


@reads("expand_as")
def _expand_as(builder: Builder, x: Value, other: Value) -> Value:
    return expanded(x, other.shape)


@reads("slice")
def _slice(
    builder: Builder,
    x: Value,
    *,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Value:
    length = x.shape[dim]
    bounds = range(length)[slice(start, end)]
    if step == 1:
        return builder.sliced(x, dim, bounds.start, bounds.stop)
    if bounds.stop != length:
        raise Unreadable("a slice with a step that ends early")
    return builder.stepped(x, dim % len(x.dims), bounds.start, step)


@reads("select")
def _select(builder: Builder, x: Value, dim: int, index: int) -> Value:
    return builder.taken(x, dim, range(x.shape[dim])[index])


@reads("unbind")
def _unbind(builder: Builder, x: Value, dim: int = 0) -> list[Value]:
    return [builder.taken(x, dim, index) for index in range(x.shape[dim])]


@reads("split", "split_with_sizes")
def _split(
    builder: Builder,
    x: Value,
    split_size: Any = 0,
    dim: int = 0,
    split_sizes: Sequence[int] = (),
) -> list[Value]:
    length = x.shape[dim]
    sizes = list(split_sizes)
    if not sizes:
        sizes = [min(split_size, length - at) for at in range(0, length, split_size)]
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    return [
        builder.sliced(x, dim, end - size, end)
        for size, end in zip(sizes, ends, strict=True)
    ]


@reads("chunk")
def _chunk(builder: Builder, x: Value, chunks: int, dim: int = 0) -> list[Value]:
    return _split(builder, x, -(-x.shape[dim] // chunks), dim)


@reads("roll")
def _roll(
    builder: Builder, x: Value, *, shifts: Sequence[int], dims: Sequence[int]
) -> Value:
    return rolled(x, shifts, [dim % len(x.dims) for dim in dims])


@reads("new_zeros", "zeros_like")
def _zeros(
    builder: Builder, x: Value, *, size: Sequence[int] = (), **_: Any
) -> Constant:
    return Constant("zeros", np.zeros(size or x.shape, np.float32))


@reads("pixel_shuffle")
def _pixel_shuffle(builder: Builder, x: Value, upscale_factor: int) -> Value:
    return builder.spatial("depth_to_space", x, {}, factor=upscale_factor)


@reads("pixel_unshuffle")
def _pixel_unshuffle(builder: Builder, x: Value, downscale_factor: int) -> Value:
    batch, channels, height, width = _four(x)
    side = downscale_factor
    sizes = height // side, side, width // side, side
    moved = permuted(reshaped(x, (batch, channels, *sizes)), (0, 1, 3, 5, 2, 4))
    return reshaped(moved, (batch, -1, height // side, width // side))


@reads("channel_shuffle", "native_channel_shuffle")
def _channel_shuffle(builder: Builder, x: Value, groups: int) -> Value:
    if x.axes == arrangement(x, last=False):
        return builder.spatial("channel_shuffle", x, {}, groups=groups)
    # rearranged pixels, which are so in one step
    batch, channels, *size = _four(x)
    split = reshaped(x, (batch, groups, channels // groups, *size))
    return reshaped(permuted(split, (0, 2, 1, 3, 4)), x.shape)


def _four(x: Value) -> Shape:
    if len(x.shape) != 4:
        raise Unreadable(f"pixels or channels of a tensor of {len(x.shape)} dimensions")
    return x.shape
