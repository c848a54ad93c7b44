"""Convolutions over maps (channels, height, width)."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, ClassVar

from archspec.ops.base import Op, Shape, Weight, shared_out
from archspec.ops.fields import (
    STATIC,
    Count,
    Flag,
    Initializer,
    InitializerField,
    PaddingField,
    PairField,
)
from archspec.ops.window import Window

GLOROT: Initializer = ("uniform", "fan_avg", 1.0)
"""Glorot and Bengio 2010, equation 16."""


class Conv(Op):
    """A convolution of all channels, or of each of `groups` equal parts on its own."""

    name = "conv"
    weight_axes = "out in height width"
    fallbacks: ClassVar[Mapping[str, str]] = {"filters": "channels"}
    output_channels = "filters"

    filters: Count
    kernel: PairField = (1, 1)
    stride: PairField = (1, 1)
    padding: PaddingField
    groups: Count = 1
    dilation: PairField = (1, 1)
    bias: Flag
    initializer: InitializerField = GLOROT

    @property
    def window(self) -> Window:
        """The window that slides over the input."""
        return Window(self.kernel, self.stride, self.padding, self.dilation)

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (filters, positions down, positions across)."""
        _, height, width = self.as_map(shape)
        self._group_channels(shape)
        return self.filters, *self.window.slide((height, width))

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`weight` (filters, channels / groups, height, width), `bias` (filters)."""
        weight = self.filters, self._group_channels(shape), *self.kernel
        return _with_bias(Weight(weight), self.filters, self.bias)

    def _group_channels(self, shape: Shape) -> int:
        each = shared_out(shape[0], self.groups, "input channels")
        shared_out(self.filters, self.groups, "filters")
        return each


class DepthwiseConv(Op):
    """`multiplier` filters for each channel on its own.

    Output channel `c * multiplier + j` is the j-th filter of channel c. The first
    half of a separable convolution (Howard et al. 2017, MobileNets, section 3.1).
    """

    name = "depthwise_conv"
    weight_axes = "(channel multiplier) 1 height width"
    output_channels = "channels * multiplier"
    inherits = "conv"

    kernel: PairField = (3, 3)
    stride: PairField = (1, 1)
    padding: PaddingField
    dilation: PairField = (1, 1)
    multiplier: Count = 1
    bias: Flag
    initializer: InitializerField = GLOROT

    @property
    def window(self) -> Window:
        """The window that slides over the input."""
        return Window(self.kernel, self.stride, self.padding, self.dilation)

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels * multiplier, down, across)."""
        channels, height, width = self.as_map(shape)
        return channels * self.multiplier, *self.window.slide((height, width))

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`weight` (channels * multiplier, 1, height, width), `bias`."""
        filters = shape[0] * self.multiplier
        return _with_bias(Weight((filters, 1, *self.kernel)), filters, self.bias)


class TransposedConv(Op):
    """The gradient of a convolution used forwards: it makes maps larger.

    `padding` is what the convolution in the other direction would have padded, and
    is cut off: (size - 1) * stride + kernel cells at `valid`, less
    2 * (kernel // 2) at `symmetric`, and size * stride at `same`.
    """

    name = "transposed_conv"
    weight_axes = "in out height width"
    output_channels = "filters"

    filters: Count
    kernel: Annotated[PairField, STATIC] = (2, 2)
    stride: Annotated[PairField, STATIC] = (2, 2)
    padding: PaddingField = "valid"
    bias: Flag = False
    initializer: InitializerField = GLOROT

    @property
    def window(self) -> Window:
        """The window that each cell of the input is stamped with."""
        return Window(self.kernel, self.stride, self.padding)

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (filters, larger height, larger width)."""
        _, height, width = self.as_map(shape)
        return self.filters, *self.window.stamp((height, width))

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`weight` (channels, filters, height, width), `bias` (filters)."""
        weight = shape[0], self.filters, *self.kernel
        return _with_bias(Weight(weight), self.filters, self.bias)

    def macs(self, shape: Shape) -> int:
        """All of `weight` at every position of the input, what is cut off included."""
        return self.weights(shape)["weight"].size * prod(shape[1:])


def _with_bias(weight: Weight, filters: int, bias: bool) -> dict[str, Weight]:
    return {"weight": weight} | ({"bias": Weight((filters,))} if bias else {})
