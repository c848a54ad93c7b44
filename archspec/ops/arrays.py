"""Array functions that evaluate ops: plain sums over windows.

Arrays are (N, channels, height, width) and know their library, NumPy; pairs are
[height, width].
"""

from __future__ import annotations

from typing import Any

from archspec.ops.base import Array
from archspec.ops.fields import Amounts, Pair
from archspec.ops.window import Window


def padded(x: Array, amounts: Amounts, value: float = 0.0) -> Array:
    """Pad feature maps with a value; negative amounts crop."""
    top, bottom, left, right = (max(0, amount) for amount in amounts)
    around = (0, 0), (0, 0), (top, bottom), (left, right)
    whole = x.__array_namespace__().pad(x, around, constant_values=value)
    top, bottom, left, right = (max(0, -amount) for amount in amounts)
    height, width = whole.shape[2:]
    return whole[:, :, top : height - bottom, left : width - right]


def windows(x: Array, window: Window) -> Array:
    """Every window: (N, channels, positions down, across, kernel height, width)."""
    tricks = x.__array_namespace__().lib.stride_tricks
    every = tricks.sliding_window_view(x, window.extent, (2, 3))
    (down, across), (high, wide) = window.stride, window.dilation
    return every[:, :, ::down, ::across, ::high, ::wide]


def convolved(x: Array, weight: Array, window: Window, groups: int) -> Array:
    """Convolve padded feature maps; weight (filters, channels / groups, *kernel)."""
    xp, seen = x.__array_namespace__(), windows(x, window)
    if weight.shape[1] == 1 and groups == x.shape[1]:
        split = weight.reshape(groups, -1, *window.kernel)
        found = xp.einsum("nchwij,cmij->ncmhw", seen, split)
        return found.reshape(x.shape[0], -1, *found.shape[3:])
    parts = zip(xp.split(seen, groups, 1), xp.split(weight, groups), strict=True)
    axes = [1, 4, 5], [1, 2, 3]
    found = [xp.moveaxis(xp.tensordot(a, b, axes), -1, 1) for a, b in parts]
    return xp.concatenate(found, 1)


def stamped(x: Array, weight: Array, stride: Pair) -> Array:
    """Transposed convolution without cropping; weight (channels, filters, *kernel)."""
    xp, (batch, _, height, width) = x.__array_namespace__(), x.shape
    _, filters, *kernel = weight.shape
    down, across = (height - 1) * stride[0] + 1, (width - 1) * stride[1] + 1
    whole = xp.zeros((batch, filters, down + kernel[0] - 1, across + kernel[1] - 1))
    for i, j in xp.ndindex(*kernel):
        part = xp.einsum("nchw,co->nohw", x, weight[:, :, i, j])
        whole[:, :, i : i + down : stride[0], j : j + across : stride[1]] += part
    return whole


def means(xp: Any, old: int, new: int) -> Array:
    """The matrix (new, old) that averages an axis to `new` positions.

    Position i averages `floor(i * old / new)` to `ceil((i + 1) * old / new)`.
    """
    pixels, numbers = xp.arange(old), xp.arange(new)[:, None]
    starts, ends = numbers * old // new, -(-(numbers + 1) * old // new)
    inside = ((starts <= pixels) & (pixels < ends)).astype(float)
    return inside / inside.sum(1, keepdims=True)


def turns(xp: Any, size: Pair, channels: int, base: float, before: int) -> Array:
    """Angles (before + height * width, channels / 2) by which `rotary` turns a head.

    The first half of each row has those of y, the second those of x.
    """
    rates = 2 * xp.pi / base ** (4 * xp.arange(channels // 4) / channels)
    y, x = ((2 * xp.arange(length) + 1) / length - 1 for length in size)
    places = xp.stack([xp.repeat(y, len(x)), xp.tile(x, len(y))], -1)
    angles = (places[..., None] * rates).reshape(len(places), -1)
    return xp.concatenate([xp.zeros((before, angles.shape[1])), angles])


def resized(x: Array, size: Pair, mode: str) -> Array:
    """Resize feature maps, without antialiasing.

    With half-pixel centres, except for `nearest_floor`: pixel `floor(i * old / new)`.
    """
    xp, (height, width) = x.__array_namespace__(), x.shape[2:]
    rows, columns = _blend(xp, height, size[0], mode), _blend(xp, width, size[1], mode)
    return rows @ x @ columns.T


def _blend(xp: Any, old: int, new: int, mode: str) -> Array:
    """The interpolation matrix of an axis: (new, old)."""
    pixels = xp.arange(old)
    if mode == "nearest_floor":
        return ((xp.arange(new) * old // new)[:, None] == pixels).astype(float)
    centres = (xp.arange(new) + 0.5) * old / new - 0.5
    if mode == "nearest":
        return (xp.floor(centres + 0.5)[:, None] == pixels).astype(float)
    inside = xp.clip(centres, 0, old - 1)
    return xp.maximum(0.0, 1 - xp.abs(inside[:, None] - pixels))
