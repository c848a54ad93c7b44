"""What attention has beside queries, keys and values: windows, biases, masks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from archspec.importing.axes import Axis, size
from archspec.importing.layouts import Unreadable, Value
from archspec.ops.places import Places

Array = np.ndarray[Any, Any]
HIDDEN = -50.0
"""A score below which a position counts for nothing: exp(-50) is 2e-22."""


class Groups(NamedTuple):
    """Which positions see each other, as attributes of the op."""

    attributes: dict[str, int]
    places: Places


def groups(query: Value, batch: tuple[Axis, ...]) -> Groups:
    """How the positions of queries are divided, (N and groups, heads, positions, ...).

    Raises Unreadable for groups that are neither windows nor a grid.
    """
    first, positions = query.dims[0], query.dims[2]
    sizes = tuple(map(size, query.axes[1:]))
    is_rolled = query.shift != 0
    if first == batch and not is_rolled:
        return Groups({}, Places(sizes))
    if len(query.axes) == 3 and all(len(dim) == 2 for dim in query.axes[1:]):
        rows, columns = query.axes[1:]
        outer, inner = (rows[0], columns[0]), (rows[1], columns[1])
        (height, width), side = sizes, inner[0].size
        if inner[0].size != inner[1].size:
            raise Unreadable("attention within windows that are no squares")
        if first == (*batch, *outer) and positions == inner:
            own = {"window": side, "shift": query.shift}
            found = Places.windows((height, width), side, query.shift)
            return Groups({n: v for n, v in own.items() if v}, found)
        if first == (*batch, *inner) and positions == outer and not is_rolled:
            return Groups({"dilation": side}, Places.grid((height, width), side))
    raise Unreadable("attention within groups that are no windows")


def check_mask(mask: Array | None, places: Places, batch: int = 1) -> None:
    """Raise Unreadable unless a mask hides just what a shift makes neighbours.

    It is added to the scores of each group, (groups, queries, keys), or to those of
    each image of a batch.
    """
    if mask is None and not places.shift:
        return
    if mask is None:
        raise Unreadable("attention over positions that only a roll made neighbours")
    images = mask.reshape(-1, len(mask) // batch or 1, *mask.shape[1:])
    is_same = len(images) == batch and bool((images == images[0]).all())
    mask = np.asarray(images[0] if is_same else mask)
    shown = mask > HIDDEN
    wanted = np.isfinite(places.mask(np.zeros(1))) if places.shift else np.True_
    if places.shift and shown.shape != wanted.shape:
        raise Unreadable("attention with a mask of another size")
    if (shown != wanted).any() or mask[shown].any():
        raise Unreadable("attention with a mask that is not that of shifted windows")


def bias_table(bias: Array, places: Places) -> tuple[str, Array]:
    """The kind of a relative bias, and its table (heads, rows, columns).

    `bias` is (heads, queries, keys); raises Unreadable if it is none by offset.
    """
    # one number everywhere, such as before training, says nothing of distances
    kinds = ("signed",) if np.ptp(bias) == 0 else ("absolute", "signed")
    for kind in kinds:
        rows, columns = places.offsets(bias, signed=kind == "signed")
        if bias.shape[1:] != rows.shape:
            break
        table = np.zeros((len(bias), rows.max() + 1, columns.max() + 1), bias.dtype)
        table[:, rows, columns] = bias
        if (table[:, rows, columns] == bias).all():
            return kind, table
    raise Unreadable("a bias of attention that is not by the offset of positions")
