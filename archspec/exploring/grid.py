"""The points of a grid: every combination of the values that its paths take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from math import prod
from typing import NamedTuple

from archspec.errors import InvalidArgument

MAX_VALUES = 100_000
"""Of one range."""

MAX_POINTS = 100_000_000

_NUMBER = r"\s*([-+]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15}))\s*"
_RANGE = re.compile(f"{_NUMBER}:{_NUMBER}(?::{_NUMBER})?")
_COMMA = re.compile(r",(?![^\[({]*[\])}])")
"""Not within brackets: `[160, 128]` is one value."""


class Axis(NamedTuple):
    """A path and its values, as `--set` takes them."""

    path: str
    values: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Axis:
        """Of `PATH=VALUES`, see `values`; raises InvalidArgument."""
        path, equals, given = text.partition("=")
        if not equals or not path.strip():
            message = (
                f"'{text}' is not of the form a.b=values, such as multipliers.width="
            )
            raise InvalidArgument(f"{message}0.5:1:0.25 or classes=10,100")
        return cls(path.strip(), values(given, path.strip()))


def values(text: str, path: str) -> tuple[str, ...]:
    """Values with commas between; `start:end:step` stands for all up to `end`.

    Numbers of a range are exact decimals, and the step is 1 if it is left out. Raises
    InvalidArgument for an empty range or value.
    """
    found: dict[str, None] = {}
    for item in _COMMA.split(text):
        if not item.strip():
            raise InvalidArgument(f"{path}: a value is missing in '{text}'")
        found |= dict.fromkeys(_item(item.strip(), path))
    return tuple(found)


def _item(text: str, path: str) -> Sequence[str]:
    match = _RANGE.fullmatch(text)
    if match is None:
        return [text]
    start, end, step = (Decimal(number or "1") for number in match.groups())
    if step <= 0 or end < start:
        message = f"{path}: the range {text} is empty; write start:end:step"
        raise InvalidArgument(f"{message} with start <= end and step > 0")
    count = int((end - start) // step) + 1
    if count > MAX_VALUES:
        message = f"{path}: the range {text} has {count:,} values"
        raise InvalidArgument(f"{message}; at most {MAX_VALUES:,}")
    return [_plain(start + number * step) for number in range(count)]


def _plain(number: Decimal) -> str:
    """Without trailing zeros or an exponent."""
    return format(number.normalize(), "f")


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
