"""The structures' last step: several branches become one tensor, without weights."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from operator import add, mul
from typing import ClassVar

from archspec.errors import ShapeError
from archspec.ops.base import Array, Shape

JOINS: dict[str, "Join"] = {}
"""Every join by its word."""


class Join(ABC):
    """A primitive with several inputs and no attributes."""

    name: ClassVar[str]
    """The word of the spec."""

    linear: ClassVar[bool] = False
    """As of an op: no batch norm folds into it."""

    def __init_subclass__(cls) -> None:
        JOINS[cls.name] = cls()

    @abstractmethod
    def infer(self, shapes: Sequence[Shape]) -> Shape:
        """The output's shape for one or more branches.

        Raises:
            ShapeError: the branches do not go together.
        """

    def is_non_negative(self, given: bool) -> bool:
        """Whether the output has no negative numbers; `given` says it of all inputs."""
        return given

    @abstractmethod
    def evaluate(self, inputs: Sequence[Array]) -> Array:
        """The output, from one or more arrays (N, channels, ...)."""


class Add(Join):
    """The sum of tensors of one shape."""

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
    """The product of tensors of one shape; a 1x1 map stands for a map of any size."""

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
    """Channels of one tensor after those of another."""

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
    """What makes them equal, by what differs: kind, size or only the channels."""
    if len({len(shape) for shape in shapes}) > 1:
        return "'global_avg_pool: {keep_size: true}' leaves a map of 1x1, no vector"
    if len({shape[1:] for shape in shapes}) > 1:
        return "strides and padding of all branches must give one size"
    return f"change the channels of a branch by a convolution: {{conv: {shapes[0][0]}}}"
