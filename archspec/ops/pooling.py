"""Pooling."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from archspec.ops import arrays
from archspec.ops.attributes import Doc
from archspec.ops.base import INPUT, OUTPUT, Array, Kept, Op, Weights, positions
from archspec.ops.fields import (
    STATIC,
    Examples,
    Flag,
    KernelField,
    PaddingField,
    PairField,
    StrideField,
    refusal,
)
from archspec.ops.shapes import Shape
from archspec.ops.window import Windowed

_PADDINGS = Examples("valid", "same", "symmetric", (1, 0, 1, 1))


class Pool(Windowed):
    """Base of windowed pools: shape rule and checks."""

    keeps_sign = True
    fallbacks: ClassVar[Mapping[str, str]] = {"stride": "kernel"}

    kernel: KernelField = (2, 2)
    stride: StrideField
    padding: Annotated[PaddingField, _PADDINGS] = "valid"
    ceil: Annotated[
        Flag, STATIC, Doc("Allow a last partial window, by PyTorch's rule.")
    ] = False

    def kept(self) -> Kept:
        return INPUT

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels, rows, columns)."""
        channels, height, width = self.as_map(shape)
        return channels, *self.window.slide((height, width))

    @classmethod
    def read(cls, name: str, value: object, before: Mapping[str, Any]) -> Any:
        """Larger padding gives windows of padding only; PyTorch rejects it too."""
        held = super().read(name, value, before)
        kernel = before.get("kernel")
        if name != "padding" or kernel is None or isinstance(held, str):
            return held
        top, bottom, left, right = held
        if max(top, bottom) > kernel[0] // 2 or max(left, right) > kernel[1] // 2:
            raise refusal(f"at most half of the kernel {list(kernel)}", held)
        return held


class MaxPool(Pool):
    """Maximum of each window; padding is minus infinity."""

    name = "max_pool"

    def kept_numbers(self, shape: Shape, *others: Shape) -> int:
        """Where each maximum is, in 64 bits."""
        return 2 * math.prod(self.infer(shape))

    def evaluate(self, x: Array, weights: Weights) -> Array:
        window = self.window
        lowest = arrays.padded(x, window.reach(x.shape[2:]), -math.inf)
        return arrays.windows(lowest, window).max((4, 5))


class AvgPool(Pool):
    """Mean of each window.

    The divisor counts the input pixels in the window, with `count_padding` also the
    padding, but never pixels that `ceil` adds beyond it.
    """

    name = "avg_pool"

    count_padding: Annotated[Flag, STATIC, Doc("Count padding in the divisor.")] = False

    def evaluate(self, x: Array, weights: Weights) -> Array:
        window, size = self.window, x.shape[2:]
        inside = x.__array_namespace__().ones_like(x[:1, :1])
        counts = arrays.padded(inside, window.amounts(size), float(self.count_padding))
        counts = arrays.padded(counts, window.overhang(size))
        sums = arrays.windows(arrays.padded(x, window.reach(size)), window).sum((4, 5))
        return sums / arrays.windows(counts, window).sum((4, 5))


class AdaptiveAvgPool(Op):
    """Average pooling to `size`, whatever the size of the input.

    Row i is the mean of the rows from `floor(i * height / size)` up to, exclusive,
    `ceil((i + 1) * height / size)`, columns alike: windows may overlap by a pixel.
    """

    name = "adaptive_avg_pool"
    kinds = ("feature map",)
    keeps_sign = True

    size: Annotated[
        PairField,
        STATIC,
        Examples(3, (2, 5), (9, 4), (12, 20)),
        Doc("Output size: a number or `[height, width]`."),
    ]

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels, *size)."""
        channels, _, _ = self.as_map(shape)
        return channels, *self.size

    def is_idle(self, shape: Shape) -> bool:
        return shape[1:] == self.size

    def kept(self) -> Kept:
        return INPUT

    def evaluate(self, x: Array, weights: Weights) -> Array:
        xp, (height, width) = x.__array_namespace__(), x.shape[2:]
        rows = arrays.means(xp, height, self.size[0])
        columns = arrays.means(xp, width, self.size[1])
        return rows @ x @ columns.T


class GlobalPool(Op):
    """Base of global pools."""

    keeps_sign = True
    kinds = ("feature map", "sequence")

    keep_size: Annotated[Flag, Doc("Return a 1x1 feature map instead of a vector.")] = (
        False
    )

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> (channels,); with `keep_size` (channels, 1, 1)."""
        self.check_kind(shape)
        return (shape[0], *(1 for _ in shape[1:])) if self.keep_size else shape[:1]


class GlobalAvgPool(GlobalPool):
    """Mean of each channel (Lin et al. 2013, Network in Network)."""

    name = "global_avg_pool"

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x.mean(positions(x), keepdims=self.keep_size)


class GlobalMaxPool(GlobalPool):
    """Maximum of each channel."""

    name = "global_max_pool"

    def kept(self) -> Kept:
        return INPUT | OUTPUT

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x.max(positions(x), keepdims=self.keep_size)
