"""A tall network in several columns, one beside the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil, inf

from archspec.drawing.scene import Line, Scene

MOST = 1100
"""The height of a column."""
GAP = 40
"""Between columns; in its middle a wire leads up."""
BELOW, ABOVE = 22, 28
"""Where a wire turns: below the last node of a column, above the first of the next."""
WORTH = 2 / 3
"""The fraction of its height that a network folded into columns may have."""


def folded(scene: Scene) -> Scene:
    """A scene in as many columns as it needs, equally high if it can be cut there.

    It is cut only where a single, straight wire leads on, and if that makes it low.
    """
    cuts = [*_chosen([*_cuttable(scene)], scene.height)]
    if not cuts:
        return scene
    ends = [-inf, *(line.points[-1][1] - 1 for line in cuts), inf]
    parts = [_part(scene, *pair) for pair in pairwise(ends)]
    tops = [0.0, *(line.points[-1][1] - ABOVE for line in cuts)]
    across = scene.width + GAP
    moved = [part.moved(n * across, -tops[n]) for n, part in enumerate(parts)]
    wires = [
        _lead(line, n * across, (tops[n], tops[n + 1]), scene.width)
        for n, line in enumerate(cuts)
    ]
    lows = [*(line.points[0][1] + BELOW for line in cuts), scene.height]
    height = max(low - top for low, top in zip(lows, tops, strict=True))
    if height > WORTH * scene.height:
        return scene
    return Scene(
        len(parts) * across - GAP,
        height,
        [node for part in moved for node in part.nodes],
        [*(line for part in moved for line in part.lines), *wires],
        [label for part in moved for label in part.labels],
    )


def _cuttable(scene: Scene) -> Iterator[Line]:
    """The straight wires beside which there is nothing."""
    heights = [(n.area.y, n.area.bottom) for n in scene.nodes]
    heights += [_height(line) for line in scene.lines]
    for line in scene.lines:
        top, bottom = _height(line)
        beside = [1 for start, end in heights if start < bottom and end > top]
        if len(line.points) == 2 and len(beside) == 1:
            yield line


def _chosen(wires: Sequence[Line], height: float) -> Iterator[Line]:
    """The wires nearest to where columns of one height would end."""
    columns = ceil(height / MOST) if wires else 1
    ends = [height * n / columns for n in range(1, columns)]
    near = [min(wires, key=lambda wire: abs(_height(wire)[1] - end)) for end in ends]
    yield from sorted({id(wire): wire for wire in near}.values(), key=_height)


def _height(line: Line) -> tuple[float, float]:
    ys = [y for _, y in line.points]
    return min(ys), max(ys)


def _part(scene: Scene, top: float, bottom: float) -> Scene:
    """What stands between two heights."""
    return replace(
        scene,
        nodes=[n for n in scene.nodes if top <= n.area.y < bottom],
        lines=[
            x for x in scene.lines if top <= _height(x)[0] and _height(x)[1] < bottom
        ],
        labels=[text for text in scene.labels if top <= text.y < bottom],
    )


def _lead(line: Line, x: float, tops: tuple[float, float], width: float) -> Line:
    """A wire from the end of the column at `x` to the start of the next."""
    (start, low), (_, high) = line.points
    below, beside = low - tops[0] + BELOW, x + width + GAP / 2
    entry = start + x + width + GAP
    points = [
        (start + x, low - tops[0]),
        (start + x, below),
        (beside, below),
        (beside, ABOVE - BELOW),
        (entry, ABOVE - BELOW),
        (entry, high - tops[1]),
    ]
    return replace(line, points=points)
