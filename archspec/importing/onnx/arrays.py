"""What ONNX's operations compute of arrays.

Each function has the inputs of its operation, `None` where one is left out, and its
attributes by name. The same functions tell what a chain of operations computes.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
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
)

Array = Any


def whole(values: Any) -> tuple[int, ...]:
    """Whole numbers, which are attributes or a constant."""
    return tuple(int(value) for value in np.atleast_1d(values).reshape(-1)[:64])


def resolved(
    shape: Sequence[int], before: Sequence[int], *, keep_zeros: bool
) -> list[int]:
    """A shape as `Reshape` means it: 0 keeps a dimension."""
    if keep_zeros:
        return list(shape)
    return [before[n] if length == 0 else length for n, length in enumerate(shape)]


def _reshape(x: Array, shape: Any, allowzero: int = 0) -> Array:
    return x.reshape(resolved(whole(shape), x.shape, keep_zeros=bool(allowzero)))


def _constant(**given: Any) -> Array:
    ((name, value),) = given.items()
    dtype = {"value_float": np.float32, "value_floats": np.float32}.get(name)
    return np.asarray(value, dtype)


def _constant_of_shape(shape: Any, value: Any = None) -> Array:
    filling = (
        np.zeros((), np.float32) if value is None else np.asarray(value).reshape(())
    )
    return np.broadcast_to(filling, whole(shape))


def _expand(x: Array, shape: Any) -> Array:
    return np.broadcast_to(x, np.broadcast_shapes(x.shape, whole(shape)))


def _range(start: Any, limit: Any, delta: Any) -> Array:
    checked([int((limit - start) / delta)])
    return np.arange(start, limit, delta)


def _slice(
    x: Array, starts: Any, ends: Any, axes: Any = None, steps: Any = None
) -> Array:
    index = [slice(None)] * x.ndim
    starts, ends = whole(starts), whole(ends)
    axes = range(len(starts)) if axes is None else whole(axes)
    steps = [1] * len(starts) if steps is None else whole(steps)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        beyond = step < 0 and end < -x.shape[axis]
        index[axis] = slice(start, None if beyond else end, step)
    return x[tuple(index)]


def _split(
    x: Array, split: Any = None, axis: int = 0, num_outputs: int = 0
) -> list[Array]:
    if split is None:
        each = -(-x.shape[axis] // num_outputs)
        return np.split(x, range(each, x.shape[axis], each), axis)
    return np.split(x, np.cumsum(whole(split))[:-1], axis)


def _squeeze(x: Array, axes: Any = None) -> Array:
    return x.squeeze(None if axes is None else whole(axes))


def _unsqueeze(x: Array, axes: Any) -> Array:
    return np.expand_dims(x, whole(axes))


def _cast(x: Array, to: int, **_: Any) -> Array:
    kinds = {
        1: "float32",
        6: "int32",
        7: "int64",
        9: "bool",
        10: "float32",
        11: "float64",
    }
    if to not in kinds | {16: "float32"}:
        raise ValueError("a cast to an uncommon type")
    return x.astype(kinds.get(to, "float32"))


def _shape(x: Array, start: int = 0, end: int | None = None) -> Array:
    return np.array(x.shape[start:end], np.int64)


def _clip(x: Array, min: Any = None, max: Any = None) -> Array:
    return np.clip(x, -np.inf if min is None else min, np.inf if max is None else max)


def _reduced(function: Callable[..., Array]) -> Callable[..., Array]:
    def over(
        x: Array, axes: Any = None, keepdims: int = 1, noop_with_empty_axes: int = 0
    ) -> Array:
        given = None if axes is None else whole(axes)
        if not given and noop_with_empty_axes:
            return x
        return function(x, axis=given or None, keepdims=bool(keepdims))

    return over


def _length(x: Array, axis: Any, keepdims: bool) -> Array:
    return np.sqrt(np.square(x).sum(axis, keepdims=keepdims))


def _div(x: Array, y: Array) -> Array:
    whole_numbers = np.issubdtype(np.result_type(x, y), np.integer)
    return x // y if whole_numbers else x / y


def _mod(x: Array, y: Array, fmod: int = 0) -> Array:
    return both(np.fmod if fmod else np.mod)(x, y)


def _cumulated(function: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    def over(first: Array, *others: Array) -> Array:
        for other in others:
            first = both(function)(first, other)
        return first

    return over


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Abs": np.abs,
    "Add": both(np.add),
    "And": both(np.logical_and),
    "Cast": _cast,
    "CastLike": lambda x, other: x.astype(other.dtype),
    "Ceil": np.ceil,
    "Clip": _clip,
    "Concat": lambda *xs, axis: np.concatenate(xs, axis),
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Div": both(_div),
    "Elu": lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "Equal": both(np.equal),
    "Erf": error_function,
    "Exp": np.exp,
    "Expand": _expand,
    "Flatten": lambda x, axis=1: x.reshape(prod(x.shape[:axis]), -1),
    "Floor": np.floor,
    "Gather": lambda x, indices, axis=0: np.take(x, indices, axis),
    "Gelu": gelu,
    "Greater": both(np.greater),
    "HardSigmoid": lambda x, alpha=0.2, beta=0.5: np.clip(alpha * x + beta, 0, 1),
    "HardSwish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "Identity": lambda x: x,
    "LeakyRelu": lambda x, alpha=0.01: np.where(x > 0, x, alpha * x),
    "Less": both(np.less),
    "Log": np.log,
    "MatMul": matmul,
    "Max": _cumulated(np.maximum),
    "Min": _cumulated(np.minimum),
    "Mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "Mod": _mod,
    "Mul": both(np.multiply),
    "Neg": np.negative,
    "Not": np.logical_not,
    "Pow": both(np.power),
    "Range": _range,
    "Reciprocal": np.reciprocal,
    "ReduceL2": _reduced(_length),
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "Relu": lambda x: np.maximum(x, 0),
    "Reshape": _reshape,
    "Shape": _shape,
    "Sigmoid": sigmoid,
    "Slice": _slice,
    "Softmax": softmax,
    "Softplus": lambda x: np.logaddexp(x, 0),
    "Split": _split,
    "Sqrt": np.sqrt,
    "Squeeze": _squeeze,
    "Sub": both(np.subtract),
    "Sum": _cumulated(np.add),
    "Swish": lambda x, alpha=1.0: x * sigmoid(alpha * x),
    "Tanh": np.tanh,
    "Transpose": lambda x, perm=None: x.transpose(perm),
    "Unsqueeze": _unsqueeze,
    "Where": np.where,
}

REDUCING = frozenset({"ReduceL2", "ReduceMean", "ReduceSum"})
"""Operations that read the numbers along an axis."""

CHAINED = REDUCING | frozenset(
    "Abs Add Cast CastLike Clip Div Elu Erf Exp Gelu Greater HardSigmoid HardSwish "
    "Identity LeakyRelu Less Log Max Min Mish Mul Neg Pow Reciprocal Relu Sigmoid "
    "Softplus Sqrt Sub Sum Swish Tanh Where".split()
)
"""Operations whose chains may be an op; all others read each number by itself."""

MOVING = frozenset(
    "Cast CastLike Concat Constant ConstantOfShape Expand Flatten Gather Identity "
    "Reshape Shape Slice Split Squeeze Transpose Unsqueeze".split()
)
"""Operations that only move numbers."""
