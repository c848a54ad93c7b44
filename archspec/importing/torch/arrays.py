"""What PyTorch's operations compute of arrays.

Each function has the arguments of PyTorch's schema, the first of them by its place.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from archspec.importing.arrays import (
    both,
    checked,
    error_function,
    gelu,
    matmul,
    sigmoid,
    softmax,
    standardised,
)
from archspec.importing.torch.archive import DTYPES
from archspec.importing.torch.interpolation import resized

MAX_PARTS = 2**16
"""Parts of a tensor that an operation may give."""

Array = Any
Axes = Sequence[int] | int | None


def _same(x: Array, *_: Any, **__: Any) -> Array:
    return x


def _cast(x: Array, dtype: int | None = None, **_: Any) -> Array:
    """Of a type by PyTorch's number; numbers keep their precision."""
    kind = np.dtype(DTYPES.get(dtype or 7, "float32"))
    if dtype is None or kind.kind == x.dtype.kind == "f":
        return x
    return x.astype(kind, copy=False)


def _copied(x: Array, *_: Any, **given: Any) -> Array:
    return np.array(_cast(x, **given))


def _select(x: Array, dim: int, index: int) -> Array:
    """A view, which may be changed in place."""
    return np.moveaxis(x, dim, 0)[index, ...]


def _by_place(function: Callable[..., Any]) -> Callable[..., Any]:
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


def _where(condition: Array, **given: Array) -> Array:
    arrays = condition, given["self"], given["other"]
    checked(np.broadcast_shapes(*map(np.shape, arrays)), *arrays)
    return np.where(*arrays)


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


def _arange(*bounds: float, **given: Any) -> Array:
    ends = [*bounds] + [given[n] for n in ("start", "end", "step") if n in given]
    start, end, step = (0, *ends, 1) if len(ends) == 1 else (*ends, 1)[:3]
    checked([int((end - start) / step)])
    is_whole = all(isinstance(each, int) for each in ends)
    found = np.arange(float(start), float(end), float(step))
    return _cast(found, given.get("dtype") or (5 if is_whole else 7))


def _linspace(start: float, end: float, steps: int, **_: Any) -> Array:
    checked([steps])
    return np.linspace(start, end, steps)


def _meshgrid(tensors: Sequence[Array], indexing: Any = "ij") -> list[Array]:
    checked([each.size for each in tensors])
    return list(np.meshgrid(*tensors, indexing=indexing))


def _full(
    size: Sequence[int], fill_value: float, dtype: int | None = None, **_: Any
) -> Array:
    return _cast(np.full(checked(size), fill_value), dtype)


def _filled(value: float) -> Callable[..., Array]:
    def full(size: Sequence[int], dtype: int = 7, **_: Any) -> Array:
        return _cast(np.full(checked(size), value, np.float32), dtype)

    return full


def _alike(value: float) -> Callable[..., Array]:
    return lambda x, **_: np.full_like(x, value)


# -- numbers ---------------------------------------------------------------------------


def _factored(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda x, other, alpha=1: both(function)(x, np.multiply(alpha, other))


def _div(x: Array, other: Array, rounding_mode: str | None = None) -> Array:
    rounding = {None: np.asarray, "floor": np.floor, "trunc": np.trunc}
    return rounding[rounding_mode](both(np.divide)(x, other))


def _clamp(x: Array, min: Any = None, max: Any = None) -> Array:
    return np.clip(x, -np.inf if min is None else min, np.inf if max is None else max)


def _over(function: Callable[..., Array]) -> Callable[..., Array]:
    """Along some axes, or all."""

    def reduced(x: Array, dim: Axes = None, keepdim: bool = False, **_: Any) -> Array:
        return function(x, axis=_axes(dim), keepdims=keepdim)

    return reduced


def _axes(dim: Axes) -> tuple[int, ...] | None:
    return (dim,) if isinstance(dim, int) else tuple(dim or ()) or None


def _var(
    x: Array,
    dim: Axes = None,
    *,
    correction: float | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
) -> Array:
    by = int(unbiased) if correction is None else correction
    return x.var(_axes(dim), ddof=by, keepdims=keepdim)


def _norm(
    x: Array, ord: float = 2, dim: Axes = None, keepdim: bool = False, **_: Any
) -> Array:
    if ord != 2:
        raise ValueError(f"a norm of order {ord}")
    return np.sqrt(np.square(x).sum(_axes(dim), keepdims=keepdim))


def _softmax(x: Array, dim: int, *_: Any, **__: Any) -> Array:
    return softmax(x, dim)


def _linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    found = matmul(x, weight.T)
    return found if bias is None else both(np.add)(found, bias)


def _layer_norm(
    x: Array,
    normalized_shape: Sequence[int],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    **_: Any,
) -> Array:
    found = standardised(x, range(-len(normalized_shape), 0), eps)
    found = found if weight is None else both(np.multiply)(found, weight)
    return found if bias is None else both(np.add)(found, bias)


def _batch_norm(
    x: Array,
    *,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    training: bool,
    eps: float,
    **_: Any,
) -> Array:
    along = (-1, *(1,) * (x.ndim - 2))
    if training:
        found = standardised(x, [axis for axis in range(x.ndim) if axis != 1], eps)
    else:
        assert running_mean is not None
        assert running_var is not None
        scale = np.sqrt(running_var + eps).reshape(along)
        found = both(np.subtract)(x, running_mean.reshape(along)) / scale
    if weight is not None:
        found = both(np.multiply)(found, weight.reshape(along))
    return found if bias is None else both(np.add)(found, bias.reshape(along))


_SAME: dict[str, Callable[..., Any]] = {
    "_to_copy": _copied,
    "alias": _same,
    "contiguous": lambda x, **_: np.asarray(x, order="C"),
    "detach": _same,
    "lift_fresh_copy": _copied,
    "to": _cast,
    "type_as": _same,
}

_MOVING: dict[str, Callable[..., Any]] = {
    **_SAME,
    **dict.fromkeys(("view", "_unsafe_view"), lambda x, size: x.reshape(size)),
    "cat": _joined(np.concatenate),
    "chunk": _chunk,
    "dropout": _same,
    "expand": _expand,
    "expand_as": lambda x, other: _expand(x, other.shape),
    "flatten": _flatten,
    "flip": _by_place(np.flip),
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

_EACH: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "add": _factored(np.add),
    "clamp": _clamp,
    "clamp_max": _by_place(np.minimum),
    "clamp_min": _by_place(np.maximum),
    "div": _div,
    "erf": error_function,
    "exp": np.exp,
    "gelu": gelu,
    "hardsigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hardswish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hardtanh": lambda x, min_val=-1, max_val=1: np.clip(x, min_val, max_val),
    "leaky_relu": lambda x, negative_slope=0.01: np.where(x > 0, x, negative_slope * x),
    "log": np.log,
    "log1p": np.log1p,
    "maximum": both(np.maximum),
    "minimum": both(np.minimum),
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "mul": both(np.multiply),
    "neg": np.negative,
    "pow": _by_place(both(np.power)),
    "reciprocal": lambda x: 1 / x,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "rsub": lambda x, other, alpha=1: both(np.subtract)(other, np.multiply(alpha, x)),
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "softplus": lambda x, beta=1, threshold=20: np.logaddexp(beta * x, 0) / beta,
    "sqrt": np.sqrt,
    "square": np.square,
    "sub": _factored(np.subtract),
    "tanh": np.tanh,
    **_SAME,
}
"""Each number by itself."""

_REDUCING: dict[str, Callable[..., Any]] = {
    "linalg_vector_norm": _norm,
    "mean": _over(np.mean),
    "sum": _over(np.sum),
    "var": _var,
    "var_mean": lambda x, dim=None, **given: [
        _var(x, dim, **given),
        x.mean(_axes(dim), keepdims=given.get("keepdim", False)),
    ],
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **_MOVING,
    **_EACH,
    **_REDUCING,
    "_softmax": _softmax,
    "_upsample_bicubic2d_aa": resized("bicubic", antialias=True),
    "_upsample_bilinear2d_aa": resized("bilinear", antialias=True),
    "addmm": lambda x, mat1, mat2: both(np.add)(x, matmul(mat1, mat2)),
    "amax": _over(np.max),
    "amin": _over(np.min),
    "arange": _arange,
    "batch_norm": _batch_norm,
    "bitwise_and": both(np.bitwise_and),
    "bitwise_not": np.invert,
    "bitwise_or": both(np.bitwise_or),
    "bmm": _by_place(matmul),
    "ceil": np.ceil,
    "cos": np.cos,
    "cumsum": lambda x, dim, **_: np.cumsum(x, dim),
    "copy": lambda x, src, non_blocking=False: np.broadcast_to(src, x.shape),
    "clone": _copied,
    "eq": both(np.equal),
    "fill": lambda x, value: np.full(x.shape, value, x.dtype),
    "floor": np.floor,
    "floor_divide": both(np.floor_divide),
    "full": _full,
    "full_like": lambda x, fill_value, **_: np.full_like(x, fill_value),
    "ge": both(np.greater_equal),
    "gt": both(np.greater),
    "layer_norm": _layer_norm,
    "le": both(np.less_equal),
    "linear": _linear,
    "linspace": _linspace,
    "log2": np.log2,
    "logical_not": np.logical_not,
    "lt": both(np.less),
    "masked_fill": lambda x, mask, value: _where(mask, self=value, other=x),
    "matmul": matmul,
    "meshgrid": _meshgrid,
    "mm": _by_place(matmul),
    "ne": both(np.not_equal),
    "new_ones": lambda x, size, **_: np.ones(checked(size), np.float32),
    "new_zeros": lambda x, size, **_: np.zeros(checked(size), np.float32),
    "ones": _filled(1),
    "ones_like": _alike(1),
    "outer": lambda x, vec2: both(np.multiply)(x[:, None], vec2),
    "prod": _over(np.prod),
    "remainder": both(np.remainder),
    "round": np.round,
    "scalar_tensor": lambda s, **_: np.asarray(s),
    "sign": np.sign,
    "sin": np.sin,
    "softmax": _softmax,
    "std": lambda x, dim=None, **given: np.sqrt(_var(x, dim, **given)),
    "upsample_bicubic2d": resized("bicubic"),
    "upsample_bilinear2d": resized("bilinear"),
    "where": _where,
    "zero": _alike(0),
    "zeros": _filled(0),
    "zeros_like": _alike(0),
}

MOVING = frozenset(_MOVING)
"""Operations that only move numbers."""
REDUCING = frozenset(_REDUCING)
CHAINED = frozenset(_EACH) | REDUCING
"""Operations whose chains may be an op."""
