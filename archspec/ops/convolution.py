"""Convolutions and the dense layer."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, ClassVar

from archspec.ops import arrays
from archspec.ops.attributes import Doc
from archspec.ops.base import (
    INPUT,
    NOTHING,
    Array,
    Kept,
    Op,
    Weight,
    Weights,
    along,
    shared_out,
)
from archspec.ops.fields import (
    STATIC,
    Count,
    DilationField,
    Examples,
    Flag,
    Initializer,
    InitializerField,
    KernelField,
    PaddingField,
    StrideField,
)
from archspec.ops.shapes import Shape
from archspec.ops.window import Windowed

GLOROT: Initializer = ("uniform", "fan_avg", 1.0)
"""Glorot and Bengio 2010, equation 16."""


class Convolution(Windowed):
    """Base of convolutions with a sliding window."""

    linear = True
    fresh_output = True

    def convolved(self, x: Array, weights: Weights, groups: int) -> Array:
        """The output of a grouped convolution."""
        x = arrays.padded(x, self.window.amounts(x.shape[2:]))
        x = arrays.convolved(x, weights["weight"], self.window, groups)
        return x + along(weights.get("bias", 0.0), x)

    @property
    def _pads_apart(self) -> bool:
        """Whether PyTorch pads in a step of its own, as that depends on the size."""
        return self.window.fixed_amounts() is None

    def kept(self) -> Kept:
        return NOTHING if self._pads_apart else INPUT

    def kept_numbers(self, shape: Shape, *others: Shape) -> int:
        """The padded input, where it is padded apart."""
        if not self._pads_apart:
            return 0
        channels, height, width = self.as_map(shape)
        top, bottom, left, right = self.window.amounts((height, width))
        return channels * (top + height + bottom) * (left + width + right)


class Conv(Convolution):
    """Convolution, optionally grouped.

    Input channels and `filters` must be multiples of `groups`.
    """

    name = "conv"
    weight_axes = "out in height width"
    fallbacks: ClassVar[Mapping[str, str]] = {"filters": "channels"}
    output_channels = "filters"

    filters: Annotated[Count, Examples(6, 4, 12), Doc("Output channels.")]
    kernel: KernelField = (1, 1)
    stride: StrideField = (1, 1)
    padding: PaddingField
    groups: Annotated[
        Count,
        Examples(1, 2, 3),
        Doc("Groups of channels that are convolved separately."),
    ] = 1
    dilation: DilationField = (1, 1)
    bias: Annotated[Flag, Doc("Add a learned number to each output channel.")]
    initializer: InitializerField = GLOROT

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (filters, rows, columns)."""
        _, height, width = self.as_map(shape)
        self._group_channels(shape)
        return self.filters, *self.window.slide((height, width))

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`weight` (filters, channels / groups, height, width), `bias` (filters)."""
        weight = self.filters, self._group_channels(shape), *self.kernel
        return _kernel_and_bias(weight, self.bias and self.filters)

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return self.convolved(x, weights, self.groups)

    def _group_channels(self, shape: Shape) -> int:
        each = shared_out(shape[0], self.groups, "input channels", self.filters)
        shared_out(self.filters, self.groups, "filters", shape[0])
        return each


class DepthwiseConv(Convolution):
    """Depthwise convolution with `multiplier` filters per channel.

    Output channel `c * multiplier + j` is filter j of channel c (Howard et al. 2017,
    MobileNets, section 3.1).
    """

    name = "depthwise_conv"
    weight_axes = "(channel multiplier) 1 height width"
    output_channels = "channels * multiplier"
    inherits = "conv"

    kernel: KernelField = (3, 3)
    stride: StrideField = (1, 1)
    padding: PaddingField
    dilation: DilationField = (1, 1)
    multiplier: Annotated[Count, Examples(1, 2, 3), Doc("Filters per channel.")] = 1
    bias: Annotated[Flag, Doc("Add a learned number to each output channel.")]
    initializer: InitializerField = GLOROT

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels * multiplier, rows, columns)."""
        channels, height, width = self.as_map(shape)
        return channels * self.multiplier, *self.window.slide((height, width))

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`weight` (channels * multiplier, 1, height, width), `bias`."""
        filters = shape[0] * self.multiplier
        return _kernel_and_bias((filters, 1, *self.kernel), self.bias and filters)

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return self.convolved(x, weights, groups=x.shape[1])


class TransposedConv(Windowed):
    """Transposed convolution, which enlarges feature maps.

    `padding` crops the output, as the corresponding convolution would pad: its size is
    (size - 1) * stride + kernel for `valid`, 2 * (kernel // 2) less for `symmetric`,
    and size * stride for `same`.
    """

    name = "transposed_conv"
    weight_axes = "in out height width"
    output_channels = "filters"
    linear = True
    fresh_output = True

    filters: Annotated[Count, Examples(6, 4, 12), Doc("Output channels.")]
    kernel: Annotated[KernelField, STATIC] = (2, 2)
    stride: Annotated[StrideField, STATIC] = (2, 2)
    padding: PaddingField = "valid"
    bias: Annotated[Flag, Doc("Add a learned number to each output channel.")] = False
    initializer: InitializerField = GLOROT

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (filters, rows, columns)."""
        _, height, width = self.as_map(shape)
        return self.filters, *self.window.stamp((height, width))

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`weight` (channels, filters, height, width), `bias` (filters)."""
        weight = shape[0], self.filters, *self.kernel
        return _kernel_and_bias(weight, self.bias and self.filters)

    def evaluate(self, x: Array, weights: Weights) -> Array:
        x = arrays.stamped(x, weights["weight"], self.stride)
        top, bottom, left, right = self.window.crop
        x = arrays.padded(x, (-top, -bottom, -left, -right))
        return x + along(weights.get("bias", 0.0), x)

    def macs(self, shape: Shape) -> int:
        """Elements of `weight` times positions of the input, before cropping."""
        return self.weights(shape)["weight"].size * prod(shape[1:])


class Dense(Op):
    """Dense (linear) layer over the channels, at each position."""

    name = "dense"
    linear = True
    weight_axes = "out in"
    output_channels = "units"

    units: Annotated[Count, Examples(6, 4), Doc("Output channels.")]
    bias: Annotated[Flag, Doc("Add a learned number to each output channel.")] = True
    initializer: InitializerField = GLOROT

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> (units, ...)."""
        return self.units, *shape[1:]

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`weight` (units, channels), `bias` (units)."""
        return _kernel_and_bias((self.units, shape[0]), self.bias and self.units)

    def evaluate(self, x: Array, weights: Weights) -> Array:
        xp = x.__array_namespace__()
        x = xp.einsum("nc...,oc->no...", x, weights["weight"], optimize=True)
        return x + along(weights.get("bias", 0.0), x)


def _kernel_and_bias(shape: Shape, biases: int) -> dict[str, Weight]:
    """`weight`, sampled by an initializer, and `bias` if `biases` is not 0."""
    weight = {"weight": Weight(shape, initial=None)}
    return weight | ({"bias": Weight((biases,))} if biases else {})
