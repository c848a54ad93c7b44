"""The ops that bring the axes of a node into another arrangement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archspec.importing.axes import Dim, Dims, size
from archspec.ops import Op
from archspec.ops.sequence import Tokens, ToMap, Transpose
from archspec.ops.shape import ChannelShuffle, DepthToSpace, Flatten, SpaceToDepth
from archspec.words import Order


class Move(NamedTuple):
    """An op that only moves numbers, and the axes of its output."""

    op: Op
    axes: Dims


def moves(axes: Dims, wanted: Dims, *, limit: int = 3) -> list[Move] | None:
    """The fewest ops that bring a node's axes into an arrangement, or None."""
    if axes == wanted:
        return []
    known: list[list[Move]] = [[move] for move in _moves(axes, wanted)]
    for _ in range(limit):
        done = next((path for path in known if path[-1].axes == wanted), None)
        if done is not None:
            return done
        known = [[*p, move] for p in known for move in _moves(p[-1].axes, wanted)]
    return None


def _moves(axes: Dims, wanted: Dims) -> Iterator[Move]:
    """The ops that may follow, of which there are few."""
    match axes:
        case (channels, rows, columns):
            yield from _from_map(channels, rows, columns, wanted)
        case (channels, positions):
            yield Move(Transpose(), (positions, channels))
            for cut in range(max(1, len(positions))):  # 0 gives a single row
                rows, columns = positions[:cut], positions[cut:]
                size_ = size(rows), size(columns)
                yield Move(ToMap(size=size_), (channels, rows, columns))
        case _:
            pass


def _from_map(channels: Dim, rows: Dim, columns: Dim, wanted: Dims) -> Iterator[Move]:
    wholes: dict[Order, Dim] = {
        "channels_first": (*channels, *rows, *columns),
        "channels_last": (*rows, *columns, *channels),
    }
    for order, whole in wholes.items():
        if wanted == (whole,):
            yield Move(Flatten(order=order), (whole,))
    yield Move(Tokens(), (channels, (*rows, *columns)))
    if len(channels) == 2 and len(wanted) == 3:
        swapped = channels[::-1]
        yield Move(ChannelShuffle(groups=channels[0].size), (swapped, rows, columns))
    yield from _depth(channels, rows, columns, wanted)


def _depth(channels: Dim, rows: Dim, columns: Dim, wanted: Dims) -> Iterator[Move]:
    """Blocks of pixels to channels, and back."""
    yield from _to_depth(channels, rows, columns, wanted)
    if len(channels) != 3 or len(wanted) != 3:
        return
    first, second, third = channels
    if second.size == third.size:
        op = DepthToSpace(factor=second.size, order="channels_first")
        yield Move(op, ((first,), (*rows, second), (*columns, third)))
    if first.size == second.size:
        op = DepthToSpace(factor=first.size, order="channels_last")
        yield Move(op, ((third,), (*rows, first), (*columns, second)))


def _to_depth(channels: Dim, rows: Dim, columns: Dim, wanted: Dims) -> Iterator[Move]:
    if not (len(rows) == len(columns) == 2 and rows[1].size == columns[1].size):
        return
    block, factor = (rows[1], columns[1]), rows[1].size
    if wanted == ((*channels, *block), rows[:1], columns[:1]):
        yield Move(SpaceToDepth(factor=factor, order="channels_first"), wanted)
    if wanted == ((*block, *channels), rows[:1], columns[:1]):
        yield Move(SpaceToDepth(factor=factor, order="channels_last"), wanted)
