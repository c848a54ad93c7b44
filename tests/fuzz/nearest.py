"""Sizes between which frameworks resize alike."""

from __future__ import annotations

import numpy as np
from values import Names, Unfit

from archspec.ops import Shape


def check_nearest(settings: Names, before: Shape, after: Shape) -> None:
    """Raise Unfit where frameworks take other cells than nearest says.

    PyTorch and TensorFlow multiply a centre by old / new, onnxruntime divides it by
    new / old, both in single precision: on 11 of 26 cells a centre that is right
    between two cells is then just below it. So it is on few pairs of sizes.
    """
    mode = settings.get("mode")
    if mode == "nearest_floor":
        check_floor(before, after)
    if mode != "nearest":
        return
    for old, new in zip(before[1:], after[1:], strict=True):
        centres = np.arange(new, dtype=np.float32) + np.float32(0.5)
        nearest = [(2 * number + 1) * old // (2 * new) for number in range(new)]
        multiplied = np.floor(centres * np.float32(old / new))
        divided = np.floor(centres / np.float32(new / old))
        if not (nearest == multiplied).all() or not (nearest == divided).all():
            raise Unfit(f"{old} to {new} is not the same everywhere")


def check_floor(before: Shape, after: Shape) -> None:
    """Raise Unfit where PyTorch, in single precision, takes another pixel."""
    for old, new in zip(before[1:], after[1:], strict=True):
        exact = np.arange(new) * old // new
        scale = np.float32(old) / np.float32(new)
        multiplied = np.floor(np.arange(new, dtype=np.float32) * scale)
        if not (exact == multiplied).all():
            raise Unfit(f"{old} to {new} is not the same everywhere")
