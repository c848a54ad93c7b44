"""Operations that compute numbers of others."""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from archspec.importing.arrays import (
    both,
    error_function,
    gelu,
    matmul,
    sigmoid,
    softmax,
    standardised,
)
from archspec.importing.torch.arrays.moving import SAME, by_place
from archspec.importing.torch.interpolation import resized

Array = Any
Axes = Sequence[int] | int | None


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


def _addcmul(x: Array, tensor1: Array, tensor2: Array, value: float = 1) -> Array:
    product = both(np.multiply)(tensor1, tensor2)
    return both(np.add)(x, np.multiply(value, product))


EACH: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "add": _factored(np.add),
    "addcmul": _addcmul,
    "clamp": _clamp,
    "clamp_max": by_place(np.minimum),
    "clamp_min": by_place(np.maximum),
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
    "pow": by_place(both(np.power)),
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
    **SAME,
}
"""Each number by itself."""

REDUCED: dict[str, Callable[..., Any]] = {
    "linalg_vector_norm": _norm,
    "mean": _over(np.mean),
    "sum": _over(np.sum),
    "var": _var,
    "var_mean": lambda x, dim=None, **given: [
        _var(x, dim, **given),
        x.mean(_axes(dim), keepdims=given.get("keepdim", False)),
    ],
}

COMPUTED: dict[str, Callable[..., Any]] = {
    "_softmax": _softmax,
    "_upsample_bicubic2d_aa": resized("bicubic", antialias=True),
    "_upsample_bilinear2d_aa": resized("bilinear", antialias=True),
    "addmm": lambda x, mat1, mat2: both(np.add)(x, matmul(mat1, mat2)),
    "amax": _over(np.max),
    "amin": _over(np.min),
    "batch_norm": _batch_norm,
    "bitwise_and": both(np.bitwise_and),
    "bitwise_not": np.invert,
    "bitwise_or": both(np.bitwise_or),
    "bmm": by_place(matmul),
    "ceil": np.ceil,
    "cos": np.cos,
    "cumsum": lambda x, dim, **_: np.cumsum(x, dim),
    "eq": both(np.equal),
    "floor": np.floor,
    "floor_divide": both(np.floor_divide),
    "ge": both(np.greater_equal),
    "gt": both(np.greater),
    "layer_norm": _layer_norm,
    "le": both(np.less_equal),
    "linear": _linear,
    "log2": np.log2,
    "logical_not": np.logical_not,
    "lt": both(np.less),
    "matmul": matmul,
    "mm": by_place(matmul),
    "ne": both(np.not_equal),
    "outer": lambda x, vec2: both(np.multiply)(x[:, None], vec2),
    "prod": _over(np.prod),
    "remainder": both(np.remainder),
    "round": np.round,
    "sign": np.sign,
    "sin": np.sin,
    "softmax": _softmax,
    "std": lambda x, dim=None, **given: np.sqrt(_var(x, dim, **given)),
    "upsample_bicubic2d": resized("bicubic"),
    "upsample_bilinear2d": resized("bilinear"),
}
"""Of several numbers at once."""
