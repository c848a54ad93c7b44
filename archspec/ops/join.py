"""Joins of branches into one tensor, without weights."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from operator import add, mul
from typing import ClassVar

from archspec.errors import ShapeError
from archspec.ops.base import Array, Shape

JOINS: dict[str, "Join"] = {}
"""Joins by name."""


class Join(ABC):
    """A primitive with several inputs and no attributes."""

    name: ClassVar[str]
    """Name in specs."""

    linear: ClassVar[bool] = False
    """As in `Op`: batch norm is not folded into joins."""

    def __init_subclass__(cls) -> None:
        JOINS[cls.name] = cls()

    @abstractmethod
    def infer(self, shapes: Sequence[Shape]) -> Shape:
        """The output shape for one or more branches.

        Raises:
            ShapeError: the branches do not go together.
        """

    def is_non_negative(self, given: bool) -> bool:
        """Whether the output is non-negative; `given`: whether all inputs are."""
        return given

    @abstractmethod
    def evaluate(self, inputs: Sequence[Array]) -> Array:
        """The output for one or more arrays (N, channels, ...)."""


class Add(Join):
    """Sum of tensors of equal shape."""

    name = "add"

    def infer(self, shapes: Sequence[Shape]) -> Shape:
        """Equal shapes -> the same shape."""
        if len(set(shapes)) != 1:
            message = f"add needs equal shapes, but has {_listed(shapes)}"
            raise ShapeError(message, _advice(shapes))
        return shapes[0]

    def evaluate(self, inputs: Sequence[Array]) -> Array:
        return reduce(add, inputs)


class Multiply(Join):
    """Product of tensors of equal shape; a 1x1 feature map is broadcast."""

    name = "multiply"

    def infer(self, shapes: Sequence[Shape]) -> Shape:
        """(channels, height, width) and (channels, 1, 1) -> the larger shape."""
        full = next((shape for shape in shapes if shape[1:] != (1, 1)), shapes[0])
        small = full[0], *(1 for _ in full[1:])
        if not set(shapes) <= {full, small}:
            raise ShapeError(
                "multiply needs equal channels, and equal sizes or 1x1 feature maps, "
                f"but has {_listed(shapes)}",
                _advice(shapes),
            )
        return full

    def evaluate(self, inputs: Sequence[Array]) -> Array:
        return reduce(mul, inputs)


class Concat(Join):
    """Concatenation along the channels."""

    name = "concat"

    def infer(self, shapes: Sequence[Shape]) -> Shape:
        """(a, ...) and (b, ...) -> (a + b, ...)."""
        if len({shape[1:] for shape in shapes}) != 1:
            message = (
                f"concat needs feature maps of equal size, but has {_listed(shapes)}"
            )
            raise ShapeError(message, _advice(shapes))
        return sum(shape[0] for shape in shapes), *shapes[0][1:]

    def evaluate(self, inputs: Sequence[Array]) -> Array:
        return inputs[0].__array_namespace__().concatenate(inputs, 1)


def _listed(shapes: Sequence[Shape]) -> str:
    return " and ".join(map(str, shapes))


def _advice(shapes: Sequence[Shape]) -> str:
    """Help, depending on whether rank, size or only channels differ."""
    if len({len(shape) for shape in shapes}) > 1:
        return "'global_avg_pool: {keep_size: true}' returns a 1x1 feature map"
    if len({shape[1:] for shape in shapes}) > 1:
        return "all branches must produce the same size: add a stride, or remove it"
    return f"change the channels of a branch by a convolution: {{conv: {shapes[0][0]}}}"
