"""The layers of a checkpoint that differs from a network in widths alone.

Pruning leaves every layer where it was, with fewer channels. So layers are matched as
ever, by the order of the file and its names, but without a look at numbers of channels;
what the widths are then follows from the shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archspec.ops import Shape
from archspec.weights.adoption.uses import Signature, Slot


def without_widths(slots: Sequence[Slot], manifest: Mapping[str, Any]) -> None:
    """Make layers alike that differ in numbers of channels alone."""
    axes: str = manifest["weights"]["conv"]["weight"]["axes"]
    for slot in slots:
        slot.signature = _unsized(slot.signature, axes.endswith("height width"))


def _unsized(signature: Signature, kernel_last: bool) -> Signature:
    return frozenset((name, _form(shape, kernel_last)) for name, shape in signature)


def _form(shape: Shape, kernel_last: bool) -> Shape:
    """The kernel, and 0 for each number of channels but 1, that of a depthwise one."""
    rank = len(shape)
    if rank < 3:
        return (0,) * rank
    kernel = range(rank - 2, rank) if kernel_last else range(rank - 2)
    return tuple(
        size if axis in kernel or size == 1 else 0 for axis, size in enumerate(shape)
    )
