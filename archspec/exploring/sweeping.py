"""Evaluates the points of a grid, in one process or in several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from archspec.errors import needed
from archspec.exploring.evaluator import Evaluator
from archspec.exploring.grid import Grid
from archspec.exploring.limits import Limit

CHUNK = 100
"""Points that a process takes at a time."""


class Row(NamedTuple):
    """A point of a grid: its values, and its figures or why it was refused."""

    values: tuple[str, ...]
    figures: tuple[float, ...]
    refusal: str = ""


class Chunk(NamedTuple):
    """So many points of a grid, and those of them that are within the limits.

    Refused points are among them.
    """

    points: int
    rows: list[Row]


def chunks(
    evaluator: Evaluator,
    grid: Grid,
    limits: Sequence[Limit] = (),
    *,
    jobs: int = 1,
    start: int = 0,
) -> Iterator[Chunk]:
    """The points from number `start`, in order; `jobs` as joblib's `n_jobs`.

    Raises FrameworkMissing where several jobs need joblib and it is not installed.
    """
    points = _batches(islice(grid.points(), start, None))
    if jobs == 1:
        return (_chunk(evaluator, grid.paths, limits, each) for each in points)
    joblib: Any = needed("joblib")
    calls = (
        joblib.delayed(_chunk)(evaluator, grid.paths, limits, each) for each in points
    )
    return joblib.Parallel(n_jobs=jobs, return_as="generator")(calls)


def _batches(points: Iterator[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    while found := [*islice(points, CHUNK)]:
        yield found


def _chunk(
    evaluator: Evaluator,
    paths: Sequence[str],
    limits: Sequence[Limit],
    points: Iterable[tuple[str, ...]],
) -> Chunk:
    count, rows = 0, list[Row]()
    for values in points:
        count += 1
        found = evaluator(dict(zip(paths, values, strict=True)))
        if found.refusal or all(limit.holds(found.figures) for limit in limits):
            rows.append(Row(values, (*found.figures.values(),), found.refusal))
    return Chunk(count, rows)
