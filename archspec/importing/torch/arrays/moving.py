"""Operations that move numbers, or make others of their type."""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from archspec.importing.arrays import checked
from archspec.importing.torch.members import DTYPES

MAX_PARTS = 2**16
"""Parts of a tensor that an operation may give."""

Array = Any
Axes = Sequence[int] | int | None


def _same(x: Array, *_: Any, **__: Any) -> Array:
    return x


def cast(x: Array, dtype: int | None = None, **_: Any) -> Array:
    """Of a type by PyTorch's number; numbers keep their precision."""
    kind = np.dtype(DTYPES.get(dtype or 7, "float32"))
    if dtype is None or kind.kind == x.dtype.kind == "f":
        return x
    return x.astype(kind, copy=False)


def copied(x: Array, *_: Any, **given: Any) -> Array:
    """In memory of its own."""
    return np.array(cast(x, **given))


def _select(x: Array, dim: int, index: int) -> Array:
    """A view, which may be changed in place."""
    return np.moveaxis(x, dim, 0)[index, ...]


def by_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy, whose arguments have other names."""
    return lambda x, **given: function(x, *given.values())


def _expand(x: Array, size: Sequence[int], implicit: bool = False) -> Array:
    old = (1,) * (len(size) - x.ndim) + x.shape
    wanted = [o if n == -1 else n for o, n in zip(old, size, strict=True)]
    return np.broadcast_to(x, checked(wanted, x))


def _slice(
    x: Array,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Array:
    index = [slice(None)] * x.ndim
    index[dim] = slice(start, end, step)
    return x[tuple(index)]


def _split(
    x: Array, split_size: int = 0, dim: int = 0, split_sizes: Sequence[int] = ()
) -> list[Array]:
    length = x.shape[dim]
    _check_parts(length // split_size if split_size else len(split_sizes))
    starts = range(split_size, length, split_size) if split_size else split_sizes[:-1]
    return np.split(x, starts if split_size else np.cumsum(starts), dim)


def _chunk(x: Array, chunks: int, dim: int = 0) -> list[Array]:
    return _split(x, -(-x.shape[dim] // chunks), dim)


def _check_parts(count: int) -> None:
    if count > MAX_PARTS:
        raise ValueError(f"{count} parts of a tensor")


def _unbind(x: Array, dim: int = 0) -> list[Array]:
    _check_parts(x.shape[dim])
    return list(np.moveaxis(x, dim, 0))


def _flatten(x: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    return x.reshape(*x.shape[:start_dim], -1, *x.shape[end_dim % x.ndim + 1 :])


def _unflatten(x: Array, dim: int, sizes: Sequence[int]) -> Array:
    dim %= x.ndim
    return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])


def _squeeze(x: Array, dim: Axes = None) -> Array:
    given = range(x.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    return x.squeeze(tuple(each for each in given if x.shape[each] == 1))


def _index(x: Array, indices: Sequence[Any]) -> Array:
    kept = [n for n, i in zip_longest(x.shape, indices) if i is None]
    shapes = [each.shape for each in indices if each is not None]
    checked((*np.broadcast_shapes(*shapes), *kept), x)
    return x[tuple(slice(None) if each is None else each for each in indices)]


def _index_select(x: Array, dim: int, index: Array) -> Array:
    checked([x.size // max(1, x.shape[dim]), index.size], x)
    return np.take(x, index, dim)


def _joined(function: Callable[..., Array]) -> Callable[..., Array]:
    def join(tensors: Sequence[Array], dim: int = 0) -> Array:
        checked([sum(each.size for each in tensors)], *tensors)
        return function(tensors, dim)

    return join


def _repeat(x: Array, repeats: Sequence[int]) -> Array:
    old = (1,) * (len(repeats) - x.ndim) + x.shape
    checked([n * times for n, times in zip(old, repeats, strict=True)])
    return np.tile(x, repeats)


def _tile(x: Array, dims: Sequence[int]) -> Array:
    return _repeat(x, (*(1,) * (x.ndim - len(dims)), *dims))


def _repeat_interleave(
    x: Array, repeats: int, dim: int | None = None, **_: Any
) -> Array:
    checked([x.size, repeats])
    return np.repeat(x, repeats, dim)


SAME: dict[str, Callable[..., Any]] = {
    "_to_copy": copied,
    "alias": _same,
    "contiguous": lambda x, **_: np.asarray(x, order="C"),
    "detach": _same,
    "lift_fresh_copy": copied,
    "to": cast,
    "type_as": _same,
}

MOVED: dict[str, Callable[..., Any]] = {
    **SAME,
    **dict.fromkeys(("view", "_unsafe_view"), lambda x, size: x.reshape(size)),
    "cat": _joined(np.concatenate),
    "chunk": _chunk,
    "dropout": _same,
    "expand": _expand,
    "expand_as": lambda x, other: _expand(x, other.shape),
    "flatten": _flatten,
    "flip": by_place(np.flip),
    "index": _index,
    "index_select": _index_select,
    "mT": lambda x: x.swapaxes(-2, -1),
    "narrow": lambda x, dim, start, length: _slice(x, dim, start, start + length),
    "permute": lambda x, dims: x.transpose(dims),
    "repeat": _repeat,
    "repeat_interleave": _repeat_interleave,
    "reshape": lambda x, shape: x.reshape(shape),
    "reshape_as": lambda x, other: x.reshape(other.shape),
    "roll": lambda x, shifts, dims=(): np.roll(x, shifts, tuple(dims) or None),
    "select": _select,
    "slice": _slice,
    "split": _split,
    "split_with_sizes": _split,
    "squeeze": _squeeze,
    "stack": _joined(np.stack),
    "t": lambda x: x.T,
    "tile": _tile,
    "transpose": lambda x, dim0, dim1: x.swapaxes(dim0, dim1),
    "unbind": _unbind,
    "unflatten": _unflatten,
    "unsqueeze": lambda x, dim: np.expand_dims(x, axis=dim),
    "view_as": lambda x, other: x.reshape(other.shape),
}
