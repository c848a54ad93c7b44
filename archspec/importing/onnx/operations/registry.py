"""Where readings of operations register themselves, and what several of them need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from archspec.importing.building import Amounts, Constant, Pair, Scores
from archspec.importing.layouts import Unreadable, Value
from archspec.importing.onnx.arrays import whole
from archspec.importing.readings import Readings

OPERATIONS = Readings()
"""Readings by the operation's name.

They have the inputs of the operation, then the attributes by their names. What was an
attribute in one version of an operation and is an input in another is one argument.
"""

SCORES = Readings()
"""Those of operations on scores of attention, which are no tensor."""

reads, reads_scores = OPERATIONS.reads, SCORES.reads


def array_of(given: Any) -> Any:
    """The numbers of a constant or an attribute; raises Unreadable for a tensor."""
    if isinstance(given, Value | Scores):
        raise Unreadable("a setting that depends on the input")
    return given.array if isinstance(given, Constant) else np.asarray(given)


def numbers(given: Any) -> tuple[int, ...]:
    """Whole numbers of an attribute or constant; raises Unreadable."""
    return whole(array_of(given))


def number(given: Any, default: float = 0.0) -> float:
    """One number of an attribute or constant; raises Unreadable."""
    if given is None:
        return default
    found = array_of(given)
    if found.size != 1:
        raise Unreadable("a setting that is not one number")
    return float(found.reshape(()))


def constant(given: Any, what: str) -> Constant:
    """A weight; raises Unreadable for what depends on the input."""
    if not isinstance(given, Constant):
        raise Unreadable(f"{what} that depend on the input")
    return given


def bias_of(given: Any) -> Constant | None:
    """A bias; none where an exporter made up zeros."""
    if given is None:
        return None
    array = constant(given, "biases").array
    is_made_up = not any(array.strides) or given.name.startswith("val_")
    return None if is_made_up and not array.any() else given


def pair(given: Sequence[int]) -> Pair:
    """Numbers for height and width; raises Unreadable for other ranks."""
    if len(given) != 2:
        raise Unreadable(f"windows over {len(given)} axes")
    return given[0], given[1]


class Window(NamedTuple):
    """The attributes that convolutions and pools have in common."""

    kernel_shape: Sequence[int]
    strides: Sequence[int] = (1, 1)
    pads: Sequence[int] = (0, 0, 0, 0)
    dilations: Sequence[int] = (1, 1)
    auto_pad: str = "NOTSET"

    def shared(self, x: Value) -> dict[str, Any]:
        """The kernel, stride and padding of a window on a tensor."""
        return {
            "kernel": pair(self.kernel_shape),
            "stride": pair(self.strides),
            "padding": self.amounts(x),
        }

    def amounts(self, x: Value) -> Amounts:
        """Padding above, below, left and right."""
        if len(x.dims) != 4:
            raise Unreadable(f"windows over {len(x.dims) - 2} axes")
        if self.auto_pad in ("NOTSET", "VALID", ""):
            pads = (0, 0, 0, 0) if self.auto_pad == "VALID" else self.pads
            top, left, bottom, right = pads
            return top, bottom, left, right
        (top, bottom), (left, right) = map(self._same, x.shape[2:], range(2))
        return top, bottom, left, right

    def _same(self, size: int, axis: int) -> tuple[int, int]:
        """As much as gives the size over the stride, rounded up."""
        stride, dilation = self.strides[axis], self.dilations[axis]
        extent = dilation * (self.kernel_shape[axis] - 1) + 1
        missing = max(0, (-(-size // stride) - 1) * stride + extent - size)
        less, more = missing // 2, missing - missing // 2
        return (less, more) if self.auto_pad == "SAME_UPPER" else (more, less)
