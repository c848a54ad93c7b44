"""Joins of branches into one tensor, without weights."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from operator import add, mul
from typing import ClassVar

from archspec.errors import ShapeError
from archspec.ops.base import Array
from archspec.ops.shapes import Shape

JOINS: dict[str, "Join"] = {}
"""Joins by name."""


class Join(ABC):
    """A primitive with several inputs and no attributes."""

    name: ClassVar[str]
    """Name in specs."""

    elementwise: ClassVar[bool] = True
    """As in `Op`: whether the order of axes is no matter."""

    linear: ClassVar[bool] = False
    """As in `Op`: batch norm is not folded into joins."""

    def __init_subclass__(cls) -> None:
        JOINS[cls.name] = cls()

    @abstractmethod
    def infer(self, shapes: Sequence[Shape], names: Sequence[str] = ()) -> Shape:
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

    def infer(self, shapes: Sequence[Shape], names: Sequence[str] = ()) -> Shape:
        """Equal shapes -> the same shape."""
        if len(set(shapes)) != 1:
            message = f"add needs equal shapes{_listed(shapes, names)}"
            raise ShapeError(message, _advice(shapes, names))
        return shapes[0]

    def evaluate(self, inputs: Sequence[Array]) -> Array:
        return reduce(add, inputs)


class Multiply(Join):
    """Product of tensors of equal shape; a 1x1 feature map is broadcast."""

    name = "multiply"

    def infer(self, shapes: Sequence[Shape], names: Sequence[str] = ()) -> Shape:
        """(channels, height, width) and (channels, 1, 1) -> the larger shape."""
        full = next((shape for shape in shapes if shape[1:] != (1, 1)), shapes[0])
        small = full[0], *(1 for _ in full[1:])
        if not set(shapes) <= {full, small}:
            # a 1x1 map is of any size
            spread = [
                (s[0], *full[1:]) if s[1:] == (1, 1) and len(full) > 1 else s
                for s in shapes
            ]
            raise ShapeError(
                "multiply needs equal channels, and equal sizes or 1x1 feature maps"
                f"{_listed(shapes, names)}",
                _advice(spread, names),
            )
        return full

    def evaluate(self, inputs: Sequence[Array]) -> Array:
        return reduce(mul, inputs)


class Concat(Join):
    """Concatenation along the channels."""

    name = "concat"
    elementwise = False

    def infer(self, shapes: Sequence[Shape], names: Sequence[str] = ()) -> Shape:
        """(a, ...) and (b, ...) -> (a + b, ...)."""
        if len({shape[1:] for shape in shapes}) != 1:
            listed = _listed(shapes, names)
            message = f"concat needs feature maps of equal size{listed}"
            raise ShapeError(message, _advice(shapes, names))
        return sum(shape[0] for shape in shapes), *shapes[0][1:]

    def evaluate(self, inputs: Sequence[Array]) -> Array:
        return inputs[0].__array_namespace__().concatenate(inputs, 1)


def _listed(shapes: Sequence[Shape], names: Sequence[str]) -> str:
    if not names:
        return f", but has {' and '.join(map(str, shapes))}"
    pairs = zip(names, shapes, strict=True)
    return f": {', '.join(f'{name} is {shape}' for name, shape in pairs)}"


def _advice(shapes: Sequence[Shape], names: Sequence[str]) -> str:
    """Help, depending on whether rank, size or only channels differ."""
    if len({len(shape) for shape in shapes}) > 1:
        return "'global_avg_pool: {keep_size: true}' returns a 1x1 feature map"
    labels = [f"'{name}'" for name in names] or ["a branch"] * len(shapes)
    by_size = sorted((shape[1:], n) for n, shape in enumerate(shapes))
    (least, small), (most, large) = by_size[0], by_size[-1]
    if least != most:
        return (
            "all branches must produce the same size: "
            f"add a stride to {labels[large]}, or remove that of {labels[small]}"
        )
    filters = shapes[0][0]
    other = next(n for n, shape in enumerate(shapes) if shape[0] != filters)
    end = f"at the end of {labels[other]}"
    return f"add a 1x1 convolution {end}: project: {{conv: {filters}}}"
