"""Operations on arrays, carried out for weights and for what chains of them compute."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import erf, pi, prod
from typing import Any

import numpy as np

from archspec.importing.layouts import Unreadable

Array = Any
Function = Callable[..., Any]

FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)
"""What arguments raise that no exporter writes."""
MAX_SIZE = 2**28
"""Numbers that operations on weights may read, and give in all."""
MAX_MADE = 2**25
"""Numbers that one operation may make of fewer."""


def computed(
    functions: Mapping[str, Function],
    operation: str,
    args: Sequence[Any],
    attributes: Mapping[str, Any],
) -> list[Array]:
    """The results of an operation; raises Unreadable."""
    if operation not in functions:
        raise Unreadable("an operation on weights that cannot be carried out")
    arrays = [given for given in args if isinstance(given, np.ndarray)]
    if any(array.size > MAX_SIZE for array in arrays):
        raise Unreadable("an operation on more numbers than a network has")
    try:
        with np.errstate(all="ignore"):
            found = functions[operation](*args, **attributes)
    except FAULTS as error:
        raise Unreadable(f"an operation on weights: {error}") from None
    results = found if isinstance(found, list) else [found]
    return [np.asarray(result) for result in results]


def checked(shape: Sequence[int], *arrays: Array) -> Sequence[int]:
    """The shape of a result of arrays; raises ValueError for one of no network."""
    largest = max((np.size(each) for each in arrays), default=0)
    if prod(map(abs, shape)) > max(MAX_MADE, largest):
        raise ValueError(f"a result of {tuple(shape)} is too large")
    return shape


def both(function: Function) -> Function:
    """A function of two arrays, that are broadcast."""

    def broadcast(x: Array, other: Array) -> Array:
        checked(np.broadcast_shapes(np.shape(x), np.shape(other)), x, other)
        return function(x, other)

    return broadcast


def matmul(x: Array, other: Array) -> Array:
    """A product of matrices."""
    checked((*x.shape[:-1], *other.shape[-1:]), x, other)
    return x @ other


def softmax(x: Array, axis: int = -1) -> Array:
    """Along an axis."""
    large = np.exp(x - x.max(axis, keepdims=True))
    return large / large.sum(axis, keepdims=True)


def sigmoid(x: Array) -> Array:
    """Of each number."""
    return 1 / (1 + np.exp(-x))


error_function: Function = np.vectorize(erf, otypes=[float])


def gelu(x: Array, approximate: str = "none") -> Array:
    """Of each number."""
    if approximate == "tanh":
        return x * (1 + np.tanh((2 / pi) ** 0.5 * (x + 0.044715 * x**3))) / 2
    return x * (1 + error_function(x / 2**0.5)) / 2


def standardised(x: Array, axes: Sequence[int], epsilon: float) -> Array:
    """With mean 0 and variance 1 over some axes."""
    over = tuple(axes)
    centred = x - x.mean(over, keepdims=True)
    return centred / np.sqrt(np.square(centred).mean(over, keepdims=True) + epsilon)
