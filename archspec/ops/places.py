"""Which positions see each other: groups of positions in a feature map or sequence."""

from __future__ import annotations

from math import gcd, prod
from typing import NamedTuple

from archspec.errors import ShapeError
from archspec.ops.base import Array
from archspec.ops.shapes import Shape

MOST = 1_000
"""Of the windows that help proposes."""


class Places(NamedTuple):
    """The positions of a tensor in groups; by default all in one.

    A group is a window of `window` positions a side, or it has the positions whose row
    and column differ by multiples of `dilation`. `shift` rolls the feature map first.
    """

    size: Shape
    window: int = 0
    dilation: int = 1
    shift: int = 0

    @classmethod
    def windows(cls, size: tuple[int, int], window: int, shift: int) -> Places:
        """Raises ShapeError where windows do not divide the feature map."""
        _check(size, window, "window")
        return cls(size, window=window, shift=shift)

    @classmethod
    def grid(cls, size: tuple[int, int], dilation: int) -> Places:
        """Raises ShapeError where the dilation does not divide the feature map."""
        _check(size, dilation, "dilation")
        return cls(size, dilation=dilation)

    @property
    def group(self) -> Shape:
        """The size of a group."""
        if self.window:
            return self.window, self.window
        return tuple(length // self.dilation for length in self.size)

    @property
    def groups(self) -> int:
        """The number of groups."""
        return prod(self.size) // prod(self.group)

    @property
    def axes(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """(rows, rows, columns, columns), the axes that number the groups, the others.

        Rows are outer ones, then inner ones.
        """
        (height, width), side = self.size, self.window or self.dilation
        whole = height // side, side, width // side, side
        return (whole, (0, 2), (1, 3)) if self.window else (whole, (1, 3), (0, 2))

    @property
    def order(self) -> tuple[int, ...]:
        """The axes of (N, channels, *whole) as (N, groups, channels, positions)."""
        _, outer, inner = self.axes
        return (0, *(2 + axis for axis in outer), 1, *(2 + axis for axis in inner))

    def split(self, x: Array) -> Array:
        """(N, channels, *size) -> (N, groups, channels, positions of a group)."""
        batch, channels = x.shape[:2]
        if self.groups == 1 and not self.shift:
            return x.reshape(batch, 1, channels, -1)
        xp = x.__array_namespace__()
        rolled = xp.roll(x, (-self.shift, -self.shift), axis=(2, 3))
        split = rolled.reshape(batch, channels, *self.axes[0]).transpose(self.order)
        return split.reshape(batch, self.groups, channels, -1)

    def merge(self, x: Array) -> Array:
        """The reverse of `split`."""
        batch, channels = x.shape[0], x.shape[2]
        if self.groups == 1 and not self.shift:
            return x.reshape(batch, channels, *self.size)
        xp = x.__array_namespace__()
        whole, outer, inner = self.axes
        sides = [whole[a] for a in (*outer, *inner)]
        split = x.reshape(batch, *sides[:2], channels, *sides[2:])
        back = [self.order.index(axis) for axis in range(6)]
        rolled = split.transpose(back).reshape(batch, channels, *self.size)
        return xp.roll(rolled, (self.shift, self.shift), axis=(2, 3))

    def offsets(self, x: Array, *, signed: bool) -> tuple[Array, Array]:
        """Rows and columns of a table for each query and key of a group."""
        xp = x.__array_namespace__()
        found: list[Array] = []
        for axis, length in enumerate(self.group):
            other = self.group[1 - axis]
            at = xp.arange(length)
            at = xp.repeat(at, other) if axis == 0 else xp.tile(at, other)
            apart = at[:, None] - at
            found.append(apart + length - 1 if signed else xp.abs(apart))
        return found[0], found[1]

    def mask(self, x: Array) -> Array:
        """(groups, positions, positions): minus infinity across the edge of the roll.

        Such positions are neighbours only because the feature map was rolled.
        """
        xp = x.__array_namespace__()
        rows, columns = (xp.arange(n) >= n - self.shift for n in self.size)
        zone = xp.where(rows, 2, 0)[:, None] + xp.where(columns, 1, 0)
        unrolled = self._replace(shift=0).split(zone[None, None])[0, :, 0]
        return xp.where(unrolled[:, :, None] == unrolled[:, None], 0.0, -xp.inf)


def _check(size: tuple[int, int], side: int, what: str) -> None:
    height, width = size
    if height % side == 0 and width % side == 0:
        return
    common = gcd(height, width)
    fitting = [n for n in range(2, min(common, side, MOST) + 1) if common % n == 0]
    smaller = f"use a {what} of {fitting[-1]}, or " if fitting else ""
    if side > max(size):
        help = f"use a smaller {what}, or a larger feature map"
        help = f"{smaller}a larger feature map" if fitting else help
    else:
        below, right = -height % side, -width % side
        help = f"{smaller}pad the feature map: {{pad: [0, {below}, 0, {right}]}}"
    message = f"a feature map of {height}x{width} is no multiple of the {what} {side}"
    raise ShapeError(message, help)
