"""Limits of figures, such as a budget of memory."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from archspec.errors import InvalidArgument, one_of
from archspec.exploring.figures import FIGURES

_QUANTITY = re.compile(r"(\d{1,15}(?:\.\d{0,15})?)\s*(k|K|M|G|B|Ki|Mi|Gi)?(?:B|bytes)?")
_SCALE = {
    "": 1,
    "k": 10**3,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "B": 10**9,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
}


class Limit(NamedTuple):
    """A bound of a figure, which may be reached."""

    figure: str
    bound: Decimal
    is_maximum: bool

    @classmethod
    def of(cls, text: str, *, is_maximum: bool) -> Limit:
        """Of `FIGURE=BOUND`, such as `macs=300M`; raises InvalidArgument."""
        figure, equals, bound = text.partition("=")
        if not equals:
            message = f"'{text}' is not of the form figure=bound, such as macs=300M"
            raise InvalidArgument(message)
        one_of("figure", figure.strip(), FIGURES)
        return cls(figure.strip(), quantity(bound.strip()), is_maximum)

    def holds(self, figures: Mapping[str, int]) -> bool:
        """Whether the figure is within its bound."""
        found = figures[self.figure]
        return found <= self.bound if self.is_maximum else found >= self.bound

    def excess(self, figures: Mapping[str, int]) -> float:
        """How far the figure is beyond its bound, as a share of that; 0 within it."""
        if self.holds(figures):
            return 0.0
        return float(abs(figures[self.figure] - self.bound) / max(self.bound, 1))

    def __str__(self) -> str:
        return f"{self.figure} {'<=' if self.is_maximum else '>='} {self.bound}"


def limits(most: Sequence[str] = (), least: Sequence[str] = ()) -> list[Limit]:
    """All limits; raises InvalidArgument."""
    found = [Limit.of(text, is_maximum=True) for text in most]
    return found + [Limit.of(text, is_maximum=False) for text in least]


def quantity(text: str) -> Decimal:
    """A number with a unit: 300M is 300,000,000, and 256KiB or 256Ki is 262,144.

    Raises InvalidArgument.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        message = f"'{text}' is no quantity such as 300M, 3.4M or 256Ki"
        raise InvalidArgument(f"{message} (k, M, G are powers of 1000, Ki, Mi of 1024)")
    return Decimal(match[1]) * _SCALE[match[2] or ""]
