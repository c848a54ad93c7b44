"""The points of a grid: every combination of the values that its paths take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

from archspec.errors import InvalidArgument
from archspec.language.ranges import values

MAX_POINTS = 100_000_000

Values = tuple[str, ...]


class Axis(NamedTuple):
    """A path and its values, as `--set` takes them."""

    path: str
    values: Values

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
    def of(cls, texts: Sequence[str], declared: Mapping[str, Values] = {}) -> Grid:
        """Of `PATH=VALUES`, and of values by paths that a spec declares besides.

        Raises InvalidArgument.
        """
        given = [*map(Axis.of, texts)]
        paths = [axis.path for axis in given]
        for path in paths:
            if paths.count(path) > 1:
                raise InvalidArgument(f"the grid has the path {path} twice")
        axes = {path: Axis(path, values) for path, values in declared.items()}
        axes |= {axis.path: axis for axis in given}
        if not axes:
            message = "there is nothing to choose from: no path has values"
            raise InvalidArgument(f"{message}, and the spec has no 'search'")
        return cls(tuple(axes.values()))

    @property
    def paths(self) -> tuple[str, ...]:
        """What changes, in order."""
        return tuple(axis.path for axis in self.axes)

    @property
    def size(self) -> int:
        """Number of points."""
        return prod(len(axis.values) for axis in self.axes)

    def points(self) -> Iterator[tuple[str, ...]]:
        """The values of each point, in the order of `paths`.

        Raises InvalidArgument if there are too many.
        """
        if self.size > MAX_POINTS:
            message = f"the grid has {self.size:,} points"
            raise InvalidArgument(f"{message}; at most {MAX_POINTS:,}")
        return product(*(axis.values for axis in self.axes))
