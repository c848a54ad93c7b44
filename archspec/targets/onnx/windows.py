"""Windows and padding in pixels, computed from the size of the feature map."""

from __future__ import annotations

from typing import Any

from archspec.ops.fields import Amounts


def window(op: Any, amounts: Amounts) -> dict[str, tuple[int, ...]]:
    """The attributes of a convolution or pool: its kernel, strides and padding."""
    return {"kernel_shape": op.kernel, "strides": op.stride, "pads": _pads(amounts)}


def _pads(amounts: Amounts) -> tuple[int, ...]:
    """Top, bottom, left and right: ONNX pads all beginnings first, then all ends."""
    top, bottom, left, right = amounts
    return top, left, bottom, right


def map_pads(amounts: Amounts) -> tuple[int, ...]:
    """The same with the batch and the channels, which have none."""
    top, left, bottom, right = _pads(amounts)
    return 0, 0, top, left, 0, 0, bottom, right
