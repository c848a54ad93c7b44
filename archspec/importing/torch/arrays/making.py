"""Operations that make numbers, or choose among them."""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from archspec.importing.arrays import (
    checked,
)
from archspec.importing.torch.arrays.moving import cast, copied

Array = Any
Axes = Sequence[int] | int | None


def _where(condition: Array, **given: Array) -> Array:
    arrays = condition, given["self"], given["other"]
    checked(np.broadcast_shapes(*map(np.shape, arrays)), *arrays)
    return np.where(*arrays)


def _arange(*bounds: float, **given: Any) -> Array:
    ends = [*bounds] + [given[n] for n in ("start", "end", "step") if n in given]
    start, end, step = (0, *ends, 1) if len(ends) == 1 else (*ends, 1)[:3]
    checked([int((end - start) / step)])
    is_whole = all(isinstance(each, int) for each in ends)
    found = np.arange(float(start), float(end), float(step))
    return cast(found, given.get("dtype") or (5 if is_whole else 7))


def _linspace(start: float, end: float, steps: int, **_: Any) -> Array:
    checked([steps])
    return np.linspace(start, end, steps)


def _meshgrid(tensors: Sequence[Array], indexing: Any = "ij") -> list[Array]:
    checked([each.size for each in tensors])
    return list(np.meshgrid(*tensors, indexing=indexing))


def _full(
    size: Sequence[int], fill_value: float, dtype: int | None = None, **_: Any
) -> Array:
    return cast(np.full(checked(size), fill_value), dtype)


def _filled(value: float) -> Callable[..., Array]:
    def full(size: Sequence[int], dtype: int = 7, **_: Any) -> Array:
        return cast(np.full(checked(size), value, np.float32), dtype)

    return full


def _alike(value: float) -> Callable[..., Array]:
    return lambda x, **_: np.full_like(x, value)


MADE: dict[str, Callable[..., Any]] = {
    "arange": _arange,
    "copy": lambda x, src, non_blocking=False: np.broadcast_to(src, x.shape),
    "clone": copied,
    "fill": lambda x, value: np.full(x.shape, value, x.dtype),
    "full": _full,
    "full_like": lambda x, fill_value, **_: np.full_like(x, fill_value),
    "linspace": _linspace,
    "masked_fill": lambda x, mask, value: _where(mask, self=value, other=x),
    "meshgrid": _meshgrid,
    "new_ones": lambda x, size, **_: np.ones(checked(size), np.float32),
    "new_zeros": lambda x, size, **_: np.zeros(checked(size), np.float32),
    "ones": _filled(1),
    "ones_like": _alike(1),
    "scalar_tensor": lambda s, **_: np.asarray(s),
    "where": _where,
    "zero": _alike(0),
    "zeros": _filled(0),
    "zeros_like": _alike(0),
}
