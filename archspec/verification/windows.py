"""Convolutions and pools in NumPy, as plain sums over windows.

Arrays are (N, channels, height, width); pairs are [height, width].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from archspec.ops import Pair
from archspec.ops.fields import Amounts

Array = np.ndarray[Any, Any]


def padded(x: Array, amounts: Amounts, value: float = 0.0) -> Array:
    """Cells of one value around maps; a negative amount cuts cells off."""
    top, bottom, left, right = (max(0, amount) for amount in amounts)
    around = (0, 0), (0, 0), (top, bottom), (left, right)
    whole = np.pad(x, around, constant_values=value)
    top, bottom, left, right = (max(0, -amount) for amount in amounts)
    height, width = whole.shape[2:]
    return whole[:, :, top : height - bottom, left : width - right]


def windows(x: Array, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)) -> Array:
    """Every window: (N, channels, positions down, across, kernel height, width)."""
    extent = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    every = sliding_window_view(x, extent, (2, 3))
    return every[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def convolved(
    x: Array, weight: Array, stride: Pair, dilation: Pair, groups: int
) -> Array:
    """A convolution of padded maps; weight (filters, channels / groups, *kernel)."""
    height, width = weight.shape[2:]
    seen = windows(x, (height, width), stride, dilation)
    if weight.shape[1] == 1 and groups == x.shape[1]:
        split = weight.reshape(groups, -1, height, width)
        found = np.einsum("nchwij,cmij->ncmhw", seen, split)
        return found.reshape(x.shape[0], -1, *found.shape[3:])
    parts = zip(np.split(seen, groups, 1), np.split(weight, groups), strict=True)
    axes = [1, 4, 5], [1, 2, 3]
    found = [np.moveaxis(np.tensordot(a, b, axes), -1, 1) for a, b in parts]
    return np.concatenate(found, 1)


def stamped(x: Array, weight: Array, stride: Pair) -> Array:
    """A transposed convolution, nothing cut; weight (channels, filters, *kernel)."""
    batch, _, height, width = x.shape
    _, filters, *kernel = weight.shape
    down, across = (height - 1) * stride[0] + 1, (width - 1) * stride[1] + 1
    whole = np.zeros((batch, filters, down + kernel[0] - 1, across + kernel[1] - 1))
    for i, j in np.ndindex(*kernel):
        part = np.einsum("nchw,co->nohw", x, weight[:, :, i, j])
        whole[:, :, i : i + down : stride[0], j : j + across : stride[1]] += part
    return whole


def pooled(x: Array, op: Any, maximum: bool, size: Pair) -> Array:
    """Of each window the largest number, or the mean of the cells that count.

    `size` is that of the result: where a window sticks out of the padded map, what is
    beyond never counts.
    """
    amounts = top, bottom, left, right = op.window.amounts(x.shape[2:])
    reach = [
        (n - 1) * s + k for n, s, k in zip(size, op.stride, op.kernel, strict=True)
    ]
    below = max(0, reach[0] - top - x.shape[2] - bottom)
    beside = max(0, reach[1] - left - x.shape[3] - right)

    def seen(cells: Array, margin: float, beyond: float) -> Array:
        outer = padded(padded(cells, amounts, margin), (0, below, 0, beside), beyond)
        return windows(outer, op.kernel, op.stride)[:, :, : size[0], : size[1]]

    if maximum:
        return seen(x, -np.inf, -np.inf).max((4, 5))
    counted = seen(np.ones_like(x[:1, :1]), float(op.count_padding), 0.0)
    return seen(x, 0.0, 0.0).sum((4, 5)) / counted.sum((4, 5))


def resized(x: Array, size: Pair, mode: str) -> Array:
    """Maps brought to a size; half-pixel centres, no antialiasing."""
    rows, columns = (
        _blend(old, new, mode) for old, new in zip(x.shape[2:], size, strict=True)
    )
    return rows @ x @ columns.T


def _blend(old: int, new: int, mode: str) -> Array:
    """The share of each old cell in each new one: (new, old)."""
    centres = (np.arange(new) + 0.5) * old / new - 0.5
    cells = np.arange(old)
    if mode == "nearest":
        return (np.floor(centres + 0.5)[:, None] == cells).astype(float)
    inside = np.clip(centres, 0, old - 1)
    return np.maximum(0.0, 1 - np.abs(inside[:, None] - cells))
