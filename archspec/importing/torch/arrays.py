"""Operations on weights alone: they are carried out, and give another weight."""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from archspec.importing.building import Constant
from archspec.importing.layouts import Unreadable


def folded(operation: str, first: Any, others: Mapping[str, Any]) -> Any:
    """The result of an operation that reads no input; raises Unreadable."""
    if operation not in _FOLDED:
        raise Unreadable("an operation on weights that cannot be carried out")
    names = [
        each.name for each in (first, *others.values()) if isinstance(each, Constant)
    ]
    bare = {name: _bare(value) for name, value in others.items()}
    try:
        found = _FOLDED[operation](_bare(first), **bare)
    except (TypeError, ValueError, IndexError) as error:
        raise Unreadable(f"an operation on weights: {error}") from None
    name = names[0] if names else operation
    if isinstance(found, list):
        return [Constant(name, array) for array in found]
    return Constant(name, np.asarray(found))


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value.array if isinstance(value, Constant) else value


def _expand(x: Any, size: list[int], implicit: bool = False) -> Any:
    old = (1,) * (len(size) - x.ndim) + x.shape
    return np.broadcast_to(
        x, [o if n == -1 else n for o, n in zip(old, size, strict=True)]
    )


def _slice(
    x: Any,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Any:
    index = [slice(None)] * x.ndim
    index[dim] = slice(start, end, step)
    return x[tuple(index)]


def _arange(*bounds: float, **given: Any) -> Any:
    ends = [given.pop(name) for name in ("start", "end", "step") if name in given]
    return np.arange(*bounds, *ends)


def _div(x: Any, other: Any, rounding_mode: str | None = None) -> Any:
    rounding = {None: np.asarray, "floor": np.floor, "trunc": np.trunc}
    return rounding[rounding_mode](x / other)


def _fill(x: Any, value: Any) -> Any:
    x[...] = value  # in place, as parts of a mask are filled
    return x


def _masked(x: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, value, x)


def _same(x: Any, **_: Any) -> Any:
    return x


_FOLDED: dict[str, Callable[..., Any]] = {
    "add": lambda x, other, alpha=1: x + alpha * other,
    "alias": _same,
    "clone": _same,
    "contiguous": _same,
    "detach": _same,
    "lift_fresh_copy": _same,
    "to": _same,
    "_to_copy": _same,
    "arange": _arange,
    "cos": np.cos,
    "eq": lambda x, other: x == other,
    "fill": _fill,
    "masked_fill": _masked,
    "ne": lambda x, other: x != other,
    "floor_divide": lambda x, other: x // other,
    "full": lambda size, fill_value, **_: np.full(size, fill_value),
    "log": np.log,
    "ones_like": lambda x, **_: np.ones_like(x),
    "pow": lambda x, exponent: x**exponent,
    "repeat": lambda x, repeats: np.tile(x, reps=repeats),
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "sin": np.sin,
    "stack": lambda tensors, dim=0: np.stack(tensors, dim),
    "sum": lambda x, dim=None, keepdim=False: x.sum(
        tuple(dim or range(x.ndim)), keepdims=keepdim
    ),
    "zeros_like": lambda x, **_: np.zeros_like(x),
    "cat": lambda tensors, dim=0: np.concatenate(tensors, dim),
    "div": _div,
    "bitwise_not": np.invert,
    "cumsum": lambda x, dim, **_: np.cumsum(x, dim),
    "exp": np.exp,
    "expand": _expand,
    "flatten": lambda x, start_dim=0, end_dim=-1: x.reshape(
        *x.shape[:start_dim], -1, *x.shape[end_dim % x.ndim + 1 :]
    ),
    "index": lambda x, indices: x[
        tuple(slice(None) if i is None else i for i in indices)
    ],
    "mul": lambda x, other: x * other,
    "neg": lambda x: -x,
    "permute": lambda x, dims: x.transpose(dims),
    "reshape": lambda x, shape: x.reshape(shape),
    "select": lambda x, dim, index: np.take(x, index, dim),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "slice": _slice,
    "softplus": lambda x: np.logaddexp(x, 0),
    "sqrt": np.sqrt,
    "squeeze": lambda x, dim=None: x.squeeze(
        tuple(dim) if isinstance(dim, list) else dim
    ),
    "sub": lambda x, other, alpha=1: x - alpha * other,
    "t": lambda x: x.T,
    "transpose": lambda x, dim0, dim1: x.swapaxes(dim0, dim1),
    "unsqueeze": lambda x, dim: np.expand_dims(x, axis=dim),
    "view": lambda x, size: x.reshape(size),
    "zeros": lambda size, **_: np.zeros(size, np.float32),
    "ones": lambda size, **_: np.ones(size, np.float32),
}
