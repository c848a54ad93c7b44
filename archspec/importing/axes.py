"""Axes of tensors, and the dimensions that are made of them."""

from __future__ import annotations

from math import prod


class Axis:
    """An axis, or a part of one; equal only to itself.

    Two tensors that have an axis in common have its parts in common, too, wherever each
    of them is reshaped.
    """

    __slots__ = ("_parts", "_wholes", "repeated", "size")

    def __init__(self, size: int, *, repeated: bool = False):
        self.size = size
        self.repeated = repeated
        """Whether the same numbers stand all along it."""
        self._parts: dict[int, tuple[Axis, Axis]] = {}
        self._wholes: dict[Axis, Axis] = {}

    def parts(self, outer: int) -> tuple[Axis, Axis]:
        """Two axes that it is made of, the outer one of a size that divides its own."""
        if outer not in self._parts:
            sizes = outer, self.size // outer
            first, second = (Axis(n, repeated=self.repeated) for n in sizes)
            self._parts[outer] = first, second
            first._wholes[second] = self
        return self._parts[outer]

    def whole(self, inner: Axis) -> Axis:
        """The axis whose parts it and another one are."""
        if inner not in self._wholes:
            self._wholes[inner] = Axis(self.size * inner.size)
            self._wholes[inner]._parts[self.size] = self, inner
        return self._wholes[inner]

    def __repr__(self) -> str:
        return str(self.size)


Dim = tuple[Axis, ...]
"""The axes that a dimension is made of, outer ones first; none if its size is 1."""

Dims = tuple[Dim, ...]


def size(dim: Dim) -> int:
    """The size of a dimension."""
    return prod(axis.size for axis in dim)


def dim_of(length: int) -> Dim:
    """A dimension of one new axis; of none if its size is 1."""
    return (Axis(length),) if length > 1 else ()
