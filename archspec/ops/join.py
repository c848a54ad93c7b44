"""Joins of branches into one tensor."""

from collections.abc import Sequence
from functools import reduce
from operator import add, mul, sub
from typing import ClassVar

from archspec.errors import ShapeError
from archspec.ops.base import INPUT, JOINS, NOTHING, Array, Kept, Op, Weight, Weights
from archspec.ops.shapes import Shape


class Join(Op):
    """An op with several inputs: what the branches of a layer give."""

    registry = JOINS

    elementwise = True

    is_ordered: ClassVar[bool] = False
    """Whether it has two branches that cannot change places."""

    def infer(self, shape: Shape, *others: Shape, names: Sequence[str] = ()) -> Shape:
        """The output shape; `names` of the branches are for messages.

        Raises:
            ShapeError: the branches do not go together.
        """
        return shape

    def weights(self, shape: Shape, *others: Shape) -> dict[str, Weight]:
        """Weights for inputs of these shapes, by canonical name."""
        return {}

    def is_idle(self, shape: Shape, *others: Shape) -> bool:
        """Whether the op is the identity outside training."""
        return not others

    def is_non_negative(self, given: bool) -> bool:
        """Whether the output is non-negative; `given`: whether all inputs are."""
        return given

    def kept(self) -> Kept:
        return NOTHING

    def macs(self, shape: Shape, *others: Shape) -> int:
        """Products of activations that are summed."""
        return 0


class _Alike(Join):
    """Base of joins of tensors of equal shape."""

    def infer(self, shape: Shape, *others: Shape, names: Sequence[str] = ()) -> Shape:
        """Equal shapes -> the same shape."""
        shapes = shape, *others
        if len(set(shapes)) != 1:
            message = f"{self.name} needs equal shapes{_listed(shapes, names)}"
            raise ShapeError(message, _advice(shapes, names))
        return shape


class Add(_Alike):
    """Sum of tensors of equal shape."""

    name = "add"

    def evaluate(self, x: Array, weights: Weights, *others: Array) -> Array:
        return reduce(add, others, x)


class Subtract(_Alike):
    """The first branch minus the second."""

    name = "subtract"
    is_ordered = True

    def is_non_negative(self, given: bool) -> bool:
        return False

    def evaluate(self, x: Array, weights: Weights, *others: Array) -> Array:
        return reduce(sub, others, x)


class Multiply(Join):
    """Product of tensors; an axis of size 1 is broadcast, as in (channels, 1, 1)."""

    name = "multiply"

    def kept(self) -> Kept:
        return INPUT

    def infer(self, shape: Shape, *others: Shape, names: Sequence[str] = ()) -> Shape:
        """Equal shapes, apart from sizes of 1 -> the larger size of each axis."""
        spread = shapes = [shape, *others]
        if len(set(map(len, shapes))) == 1:
            full = tuple(map(max, zip(*shapes, strict=True)))
            # an axis of size 1 is of any size
            spread = [tuple(map(_spread, shape, full)) for shape in shapes]
            if set(spread) == {full}:
                return full
        raise ShapeError(
            "multiply needs equal shapes, apart from sizes of 1"
            f"{_listed(shapes, names)}",
            _advice(spread, names),
        )

    def evaluate(self, x: Array, weights: Weights, *others: Array) -> Array:
        return reduce(mul, others, x)


class Concat(Join):
    """Concatenation along the channels."""

    name = "concat"
    elementwise = False

    def infer(self, shape: Shape, *others: Shape, names: Sequence[str] = ()) -> Shape:
        """(a, ...) and (b, ...) -> (a + b, ...)."""
        shapes = shape, *others
        if len({shape[1:] for shape in shapes}) != 1:
            listed = _listed(shapes, names)
            message = f"concat needs feature maps of equal size{listed}"
            raise ShapeError(message, _advice(shapes, names, resized=True))
        return sum(shape[0] for shape in shapes), *shape[1:]

    def evaluate(self, x: Array, weights: Weights, *others: Array) -> Array:
        return x.__array_namespace__().concatenate((x, *others), 1)


def _spread(size: int, full: int) -> int:
    """The size of an axis once it is broadcast."""
    return full if size == 1 else size


def _listed(shapes: Sequence[Shape], names: Sequence[str]) -> str:
    if not names:
        return f", but has {' and '.join(map(str, shapes))}"
    pairs = zip(names, shapes, strict=True)
    return f": {', '.join(f'{name} is {shape}' for name, shape in pairs)}"


def _nearly(one: int, other: int) -> bool:
    """Whether two sizes differ, if at all, by less than a stride of 2 would make it."""
    return one == other or 2 * min(one, other) > max(one, other) + 1


def _advice(
    shapes: Sequence[Shape], names: Sequence[str], *, resized: bool = False
) -> str:
    """Help, depending on whether rank, size or only channels differ."""
    if len({len(shape) for shape in shapes}) > 1:
        return "'global_avg_pool: {keep_size: true}' returns a 1x1 feature map"
    labels = [f"'{name}'" for name in names] or ["a branch"] * len(shapes)
    by_size = sorted((shape[1:], n) for n, shape in enumerate(shapes))
    (least, small), (most, large) = by_size[0], by_size[-1]
    fit = f", or end {labels[small]} with fit: {{resize: {{like: LAYER}}}}"
    if len(least) == 2 and least != most and all(map(_nearly, least, most)):
        return (
            "use padding that keeps the size and an input size that the strides divide"
            + fit
        )
    if least != most:
        return (
            "all branches must produce the same size: "
            f"add a stride to {labels[large]}, or remove that of {labels[small]}"
            f"{fit if resized and len(least) == 2 else ''}"
        )
    filters = shapes[0][0]
    other = next(n for n, shape in enumerate(shapes) if shape[0] != filters)
    end = f"at the end of {labels[other]}"
    return f"add a 1x1 convolution {end}: project: {{conv: {filters}}}"
