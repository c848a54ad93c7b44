"""Resizing of weights, such as position embeddings, as PyTorch does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from archspec.importing.arrays import checked

Array = Any
_SHARPNESS = {False: -0.75, True: -0.5}
"""Of the cubic kernel (Keys 1981), without and with antialiasing."""


def resized(mode: str, *, antialias: bool = False) -> Callable[..., Array]:
    """Resizing of (N, C, height, width) by an operation of ATen."""

    def resize(
        x: Array,
        output_size: Sequence[int] | None = None,
        *,
        align_corners: bool = False,
        scale_factors: Sequence[float] | None = None,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> Array:
        before = x.shape[2:]
        factors = scale_factors or (scales_h, scales_w)
        pairs = zip(before, factors, strict=True)
        after = output_size or [int(old * (factor or 1)) for old, factor in pairs]
        checked((*x.shape[:2], *after), x)
        for axis, old, new, factor in zip((2, 3), before, after, factors, strict=True):
            steps = old / new if factor is None else 1 / factor
            if align_corners:
                steps = (old - 1) / (new - 1) if new > 1 else 0.0
            matrix = _matrix(
                mode, old, new, steps, aligned=align_corners, antialias=antialias
            )
            x = np.moveaxis(np.moveaxis(x, axis, -1) @ matrix.T, -1, axis)
        return x

    return resize


def _matrix(
    mode: str, old: int, new: int, steps: float, *, aligned: bool, antialias: bool
) -> Array:
    """The share (new, old) that each of the old numbers has in each of the new."""
    checked((new, old))
    at = np.arange(new)
    centres = at * steps if aligned else (at + 0.5) * steps - 0.5
    if antialias:
        spread = max(steps, 1.0)
        shares = _kernel(mode, (np.arange(old) - centres[:, None]) / spread, True)
        return shares / shares.sum(1, keepdims=True)
    if mode == "bilinear" and not aligned:
        centres = np.maximum(centres, 0)
    matrix = np.zeros((new, old))
    for offset in range(-1, 3):
        places = np.floor(centres).astype(int) + offset
        shares = _kernel(mode, places - centres, False)
        np.add.at(matrix, (at, np.clip(places, 0, old - 1)), shares)
    return matrix


def _kernel(mode: str, apart: Array, antialias: bool) -> Array:
    """The weight of a number by its distance."""
    x = np.abs(apart)
    if mode == "bilinear":
        return np.maximum(1 - x, 0)
    a = _SHARPNESS[antialias]
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * a * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))
