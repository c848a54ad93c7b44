"""The Pareto front: the points that no other point beats in all of some figures."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from archspec.errors import InvalidArgument, one_of
from archspec.exploring.figures import FIGURES

LARGEST = ":max"


class Goal(NamedTuple):
    """A figure that is to be as small as possible, or as large."""

    figure: str
    is_maximum: bool = False

    @property
    def worst(self) -> float:
        """What nothing is worse than."""
        return -inf if self.is_maximum else inf

    @classmethod
    def of(cls, text: str) -> Goal:
        """Of `FIGURE` or `FIGURE:max`; raises InvalidArgument."""
        figure = text.removesuffix(LARGEST)
        one_of("figure", figure, FIGURES)
        return cls(figure, text.endswith(LARGEST))


def goals(texts: Sequence[str]) -> tuple[Goal, ...]:
    """Two or more, or none; raises InvalidArgument."""
    found = tuple(map(Goal.of, texts))
    if len({goal.figure for goal in found}) != len(found) or len(found) == 1:
        message = "a front has two or more different figures, such as macs,parameters"
        raise InvalidArgument(message)
    return found


def front(points: Sequence[Sequence[float]], wanted: Sequence[Goal]) -> set[int]:
    """The numbers of the points on the front; each point has a figure for each goal.

    Of equal points all are on it.
    """
    signs = [-1 if goal.is_maximum else 1 for goal in wanted]
    by_cost: dict[tuple[float, ...], list[int]] = {}
    for number, point in enumerate(points):
        cost = tuple(sign * each for sign, each in zip(signs, point, strict=True))
        by_cost.setdefault(cost, []).append(number)
    best: list[tuple[float, ...]] = []
    # In this order, no point is beaten by one after it.
    for cost in sorted(by_cost):
        if not any(_beats(other, cost) for other in reversed(best)):
            best.append(cost)
    return {number for cost in best for number in by_cost[cost]}


def _beats(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))
