"""What the axes of a tensor mean, through reshapes, transposes and windows.

Frameworks keep (N, channels, height, width), (N, height, width, channels), (N, tokens,
channels), heads, windows: every such layout is a product of the same few axes. A
`Value` says of each dimension which axes it is made of, so that views cost nothing, and
ask for an op of the language only where one computes on another arrangement.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise, permutations, product
from math import prod
from typing import NamedTuple

from archspec.importing.axes import Axis, Dim, Dims, dim_of, size
from archspec.importing.graph import Node
from archspec.ops import Shape


class Unreadable(Exception):
    """Something of the source that the language has no word for."""


class Lacking(Unreadable):
    """An operation that the language has no word for, whatever it is given."""


class Value(NamedTuple):
    """A tensor of the source: a node's output, laid out in some way.

    `axes` are the node's own, `(channels, *positions)`; `dims` are the dimensions
    of the source's tensor, the batch among them.
    """

    node: Node
    axes: Dims
    dims: Dims
    factor: float = 1.0
    """What the node's numbers are still to be multiplied by."""
    addend: float = 0.0
    """What is still to be added to the product."""
    shift: int = 0
    """By how many rows and columns it is rolled, against the node."""
    picked: tuple[tuple[Axis, int], ...] = ()
    """Axes of the node of which it has one entry each, such as every other row."""

    @property
    def shape(self) -> Shape:
        """The shape in the source."""
        return tuple(size(dim) for dim in self.dims)

    @property
    def is_plain(self) -> bool:
        """Whether its numbers are those of the node."""
        return (self.factor, self.addend) == (1, 0)

    def like(self, node: Node) -> Value:
        """The same layout of a node with the same axes."""
        return self._replace(node=node)


class Layouts:
    """Values of one graph; `batch` is the axis that all of them have first."""

    def __init__(self, batch: int):
        self.batch = (Axis(batch),)

    def first(self, node: Node, *, last: bool = False) -> Value:
        """A node's output: the batch, then channels, which with `last` come last."""
        axes = tuple(dim_of(length) for length in node.shape)
        channels, *positions = axes
        order = (*positions, channels) if last else axes
        return Value(node, axes, (self.batch, *order))


def permuted(value: Value, order: Sequence[int]) -> Value:
    """The dimensions in another order."""
    return value._replace(dims=tuple(value.dims[n] for n in order))


def reshaped(value: Value, shape: Sequence[int]) -> Value:
    """The same numbers in another shape, which may have one -1; raises Unreadable."""
    known = prod(length for length in shape if length != -1)
    rest = prod(value.shape) // known if known else 0
    lengths = [rest if length == -1 else length for length in shape]
    try:
        return _coarse(_reshaped(value, lengths))
    except Unreadable:
        return _coarse(_reshaped(_coarse(value), lengths))


def _reshaped(value: Value, lengths: Sequence[int]) -> Value:
    axes = list(chain.from_iterable(value.dims))
    dims: list[Dim] = []
    for length in lengths:
        found, axes, split = _take(axes, length)
        dims.append(found)
        if split is not None:
            value = _split(value, *split)
            dims = [_refined(dim, *split) for dim in dims]
    return value._replace(dims=tuple(dims))


def _coarse(value: Value) -> Value:
    """A value whose axes are whole again where they were cut, but are side by side."""
    in_node = set(chain.from_iterable(map(pairwise, value.axes)))
    in_source = chain.from_iterable(map(pairwise, value.dims))
    found = next((pair for pair in in_source if pair in in_node), None)
    if found is None:
        return value
    whole = found[0].whole(found[1])
    axes, dims = (
        tuple(_joined(each, *found, whole) for each in side)
        for side in (value.axes, value.dims)
    )
    return _coarse(value._replace(axes=axes, dims=dims))


def _joined(dim: Dim, first: Axis, second: Axis, whole: Axis) -> Dim:
    return tuple(whole if axis is first else axis for axis in dim if axis is not second)


Split = tuple[Axis, tuple[Axis, Axis]]


def _take(axes: list[Axis], length: int) -> tuple[Dim, list[Axis], Split | None]:
    """The first axes, whose product is `length`, and the others."""
    taken: Dim = ()
    while size(taken) < length and axes:
        axis, *axes = axes
        rest, over = divmod(length, size(taken))
        if axis.size > rest and not over and axis.size % rest == 0:
            parts = axis.parts(rest)
            return (*taken, parts[0]), [parts[1], *axes], (axis, parts)
        taken = (*taken, axis)
    if size(taken) != length:
        raise Unreadable("a reshape that cuts across its axes")
    if length == 1 and axes and axes[0].size == 1:
        return (axes[0],), axes[1:], None  # a batch of one image
    return taken, axes, None


def _split(value: Value, axis: Axis, parts: tuple[Axis, Axis]) -> Value:
    axes, dims = (
        tuple(_refined(dim, axis, parts) for dim in side)
        for side in (value.axes, value.dims)
    )
    return value._replace(axes=axes, dims=dims)


def _refined(dim: Dim, axis: Axis, parts: tuple[Axis, Axis]) -> Dim:
    return tuple(
        chain.from_iterable(parts if each is axis else (each,) for each in dim)
    )


def check(value: Value) -> None:
    """Raise Unreadable unless each axis of its node is in one of its dimensions."""
    axes = [*chain.from_iterable(value.axes)]
    held = [axis for axis in chain.from_iterable(value.dims) if axis in axes]
    held += [axis for axis, _ in value.picked]
    is_whole = tuple(map(size, value.axes)) == value.node.shape
    if not is_whole or len(held) != len(axes) or {*held} != {*axes}:
        raise Unreadable("a tensor whose axes are not those of its dimensions")


def expanded(value: Value, shape: Sequence[int]) -> Value:
    """Dimensions of size 1 repeated to a shape, in which -1 keeps one.

    Raises Unreadable for other dimensions.
    """
    dims = ((),) * (len(shape) - len(value.dims)) + value.dims
    pairs = list(zip(dims, shape, strict=True))
    if any(dim and length not in (-1, size(dim)) for dim, length in pairs):
        raise Unreadable(f"{value.shape} repeated as {tuple(shape)}")
    return value._replace(
        dims=tuple(
            dim if length in (-1, size(dim)) else (Axis(length, repeated=True),)
            for dim, length in pairs
        )
    )


def rolled(value: Value, shifts: Sequence[int], axes: Sequence[int]) -> Value:
    """Rolled as windows are shifted, or back; raises Unreadable."""
    places = [value.dims[axis] for axis in axes]
    is_map = len(value.axes) == 3 and places == [*value.axes[1:]]
    if not is_map or len(set(shifts)) != 1:
        raise Unreadable("a roll of something else than rows and columns alike")
    return value._replace(shift=value.shift - shifts[0])


def stepped(value: Value, axis: int, start: int, parts: tuple[Axis, Axis]) -> Value:
    """Every n-th entry of a dimension, whose axis becomes `parts`, the inner of n."""
    (whole,) = value.dims[axis]
    cut = _split(value, whole, parts)
    dims = tuple(parts[:1] if n == axis else dim for n, dim in enumerate(cut.dims))
    return cut._replace(dims=dims, picked=(*value.picked, (parts[1], start)))


def assembled(values: Sequence[Value], axis: int) -> Value | None:
    """Tensors one after the other, if they are all entries of some axes of a node.

    Those axes then stand before the others of the dimension.
    """
    first, picks = values[0], [dict(value.picked) for value in values]
    alike = {each._replace(picked=()) for each in values}
    if len(alike) > 1 or any(pick.keys() != picks[0].keys() for pick in picks):
        return None
    for order in permutations(picks[0]):
        every = product(*(range(each.size) for each in order))
        if [*every] == [tuple(pick[each] for each in order) for pick in picks]:
            dims = list(first.dims)
            dims[axis] = (*order, *dims[axis])
            return first._replace(dims=tuple(dims), picked=())
    return None


def unrepeated(value: Value) -> Value:
    """Without repetition: a sum or product repeats by itself."""
    kept = (tuple(axis for axis in dim if not axis.repeated) for dim in value.dims)
    return value._replace(dims=tuple(kept))


def cut(value: Value, other: Value) -> tuple[Value, Dims]:
    """A value cut wherever the dimensions of another are, and the pieces in order.

    Where it has size 1 and the other does not, a piece is empty. Raises Unreadable.
    """
    lengths = [
        1 if not mine else axis.size
        for mine, theirs in zip(value.dims, other.dims, strict=True)
        for axis in theirs
    ]
    flat = _reshaped(value, lengths)
    return _reshaped(flat, value.shape), flat.dims


def aligned(one: Value, other: Value) -> tuple[Value, Value]:
    """Two values of the same dimensions, each cut where the other is."""
    other, _ = cut(other, one)
    one, _ = cut(one, _filled(other, one))
    return one, cut(other, one)[0]


def _filled(value: Value, other: Value) -> Value:
    """A value with the dimensions of another where its own have size 1."""
    pairs = zip(value.dims, other.dims, strict=True)
    return value._replace(dims=tuple(mine or theirs for mine, theirs in pairs))


def arrangement(value: Value, *, last: bool) -> Dims:
    """The dimensions but the batch as `(channels, *positions)`."""
    dims = value.dims[1:]
    return (dims[-1], *dims[:-1]) if last else dims
