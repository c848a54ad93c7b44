"""Two figures of a sweep as a picture, with the front."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archspec.errors import InvalidArgument, needed
from archspec.exploring.front import Goal

SUFFIXES = (".svg", ".png", ".pdf")
MANY = 2_000
"""Points that an .svg has as drawings; more are pixels."""


def check(path: Path, wanted: Sequence[Goal]) -> None:
    """Raise InvalidArgument, or FrameworkMissing, for what cannot be drawn."""
    if len(wanted) != 2:
        message = "a picture needs a front of two figures: --front macs,parameters"
        raise InvalidArgument(message)
    if path.suffix not in SUFFIXES:
        raise InvalidArgument(f"{path} does not end in {', '.join(SUFFIXES)}")
    needed("matplotlib.figure")


def draw(
    path: Path,
    title: str,
    points: Sequence[Sequence[float]],
    best: set[tuple[float, ...]],
    wanted: Sequence[Goal],
) -> None:
    """Write the picture of points, which have a figure for each goal, as the best have.

    Raises OSError.
    """
    matplotlib = needed("matplotlib")
    figure: Any = needed("matplotlib.figure").Figure(
        figsize=(7, 4.5), layout="constrained"
    )
    axes = figure.add_subplot()
    across, up = ([point[axis] for point in points] for axis in (0, 1))
    axes.plot(
        across,
        up,
        ".",
        color="0.75",
        markersize=3,
        rasterized=len(points) > MANY,
        label="all",
    )
    axes.plot(*zip(*sorted(best), strict=True), "o-", markersize=4, label="front")
    for axis, goal in zip((axes.xaxis, axes.yaxis), wanted, strict=True):
        better = "more" if goal.is_maximum else "less"
        axis.set_label_text(f"{goal.figure.replace('_', ' ')} ({better} is better)")
        axis.set_major_formatter(needed("matplotlib.ticker").EngFormatter())
    axes.set_title(title)
    axes.grid(color="0.92")
    axes.legend(frameon=False)
    undated = {"Date": None} if path.suffix == ".svg" else {}
    with matplotlib.rc_context({"svg.hashsalt": "archspec", "svg.fonttype": "none"}):
        figure.savefig(path, dpi=160, metadata=undated)
