"""The points of a grid: every combination of the values that its paths take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

from archspec.errors import InvalidArgument
from archspec.language.ranges import values

MAX_POINTS = 100_000_000


class Axis(NamedTuple):
    """A path and its values, as `--set` takes them."""

    path: str
    values: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Axis:
        """Of `PATH=VALUES`, see `language.ranges`; raises InvalidArgument."""
        path, equals, given = text.partition("=")
        if not equals or not path.strip():
            message = (
                f"'{text}' is not of the form a.b=values, such as multipliers.width="
            )
            raise InvalidArgument(f"{message}0.5:1:0.25 or classes=10,100")
        try:
            return cls(path.strip(), values(given))
        except ValueError as error:
            raise InvalidArgument(f"{path.strip()}: {error}") from None


class Grid(NamedTuple):
    """Axes; of its points, the last path changes first."""

    axes: tuple[Axis, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Grid:
        """Of `PATH=VALUES`; raises InvalidArgument."""
        axes = tuple(map(Axis.of, texts))
        paths = [axis.path for axis in axes]
        if not paths:
            raise InvalidArgument("a grid has at least one path")
        for path in paths:
            if paths.count(path) > 1:
                raise InvalidArgument(f"the grid has the path {path} twice")
        grid = cls(axes)
        if grid.size > MAX_POINTS:
            message = f"the grid has {grid.size:,} points"
            raise InvalidArgument(f"{message}; at most {MAX_POINTS:,}")
        return grid

    @property
    def paths(self) -> tuple[str, ...]:
        """What changes, in order."""
        return tuple(axis.path for axis in self.axes)

    @property
    def size(self) -> int:
        """Number of points."""
        return prod(len(axis.values) for axis in self.axes)

    def points(self) -> Iterator[tuple[str, ...]]:
        """The values of each point, in the order of `paths`."""
        return product(*(axis.values for axis in self.axes))
