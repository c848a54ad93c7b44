"""Operations on weights alone: they are carried out, and give another weight."""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from math import prod
from typing import Any

import numpy as np

from archspec.importing.building import Constant
from archspec.importing.layouts import Unreadable
from archspec.importing.torch.archive import DTYPES

MAX_SIZE = 2**24
"""Numbers that an operation may make of fewer."""
MAX_READ = 2**28
"""Numbers that an operation may read, and that all may make."""


def folded(operation: str, first: Any, others: Mapping[str, Any]) -> Any:
    """The result of an operation that reads no input; raises Unreadable."""
    if operation not in _FOLDED:
        raise Unreadable("an operation on weights that cannot be carried out")
    names = [
        each.name for each in (first, *others.values()) if isinstance(each, Constant)
    ]
    bare = {name: _bare(value) for name, value in others.items()}
    _check_size(operation, _bare(first), bare)
    try:
        found = _FOLDED[operation](_bare(first), **bare)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise Unreadable(f"an operation on weights: {error}") from None
    name = names[0] if names else operation
    if isinstance(found, list):
        return [Constant(name, array) for array in found]
    return Constant(name, np.asarray(found))


def _check_size(operation: str, first: Any, others: Mapping[str, Any]) -> None:
    """Raise Unreadable for what reads or gives more numbers than masks have."""
    given = [first, *others.values()]
    arrays = [*_arrays(given)]
    asked = [prod(map(abs, each)) for each in given if _is_size(each)]
    sizes = [max(asked, default=1)]
    if operation == "repeat":
        sizes.append(sizes[0] * first.size)
    if operation == "index":
        indices = others["indices"]
        kept = [n for n, i in zip_longest(first.shape, indices) if i is None]
        shapes = [each.shape for each in indices if each is not None]
        sizes.append(prod(np.broadcast_shapes(*shapes)) * prod(kept))
    elif len(arrays) > 1:
        ranks = zip_longest(*(each.shape[::-1] for each in arrays), fillvalue=1)
        sizes.append(prod(map(max, ranks)))
    largest = max((each.size for each in arrays), default=0)
    if max(sizes) > max(MAX_SIZE, largest) or sum(a.size for a in arrays) > MAX_READ:
        raise Unreadable("an operation on more numbers than a network has")


def _is_size(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(each, int) for each in given)


def _arrays(given: Any) -> Iterator[Any]:
    for each in given:
        if isinstance(each, list):
            yield from _arrays(each)
        elif isinstance(each, np.ndarray):
            yield each


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
    if max(map(abs, (*bounds, *ends))) > MAX_SIZE:
        raise ValueError("a range of more numbers than a mask has")
    found = np.arange(*map(float, (*bounds, *ends)))
    is_whole = all(isinstance(each, int) for each in (*bounds, *ends))
    return _cast(found, given.get("dtype") or (5 if is_whole else 7))


def _div(x: Any, other: Any, rounding_mode: str | None = None) -> Any:
    rounding = {None: np.asarray, "floor": np.floor, "trunc": np.trunc}
    return rounding[rounding_mode](x / other)


def _masked(x: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, value, x)


def _same(x: Any, **_: Any) -> Any:
    return x


def _cast(x: Any, dtype: int | None = None, **_: Any) -> Any:
    """Of a type by PyTorch's number; those that NumPy lacks are float32."""
    return x if dtype is None else x.astype(DTYPES.get(dtype, "float32"), copy=False)


def _copied(x: Any, **given: Any) -> Any:
    return np.array(_cast(x, **given))


def _select(x: Any, dim: int, index: int) -> Any:
    """A view, which may be changed in place."""
    return np.moveaxis(x, dim, 0)[index, ...]


_FOLDED: dict[str, Callable[..., Any]] = {
    "add": lambda x, other, alpha=1: x + alpha * other,
    "alias": _same,
    "clone": _copied,
    "contiguous": lambda x, **_: np.asarray(x, order="C"),
    "copy": lambda x, src, non_blocking=False: np.broadcast_to(src, x.shape),
    "detach": _same,
    "lift_fresh_copy": _copied,
    "to": _cast,
    "_to_copy": _copied,
    "arange": _arange,
    "cos": np.cos,
    "eq": lambda x, other: x == other,
    "fill": lambda x, value: np.full(x.shape, value, x.dtype),
    "masked_fill": _masked,
    "ne": lambda x, other: x != other,
    "floor_divide": lambda x, other: x // other,
    "full": lambda size, fill_value, dtype=None, **_: _cast(
        np.full(size, fill_value), dtype
    ),
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
    "select": _select,
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
    "zero": np.zeros_like,
    "zeros": lambda size, dtype=7, **_: _cast(np.zeros(size, np.float32), dtype),
    "ones": lambda size, dtype=7, **_: _cast(np.ones(size, np.float32), dtype),
}
