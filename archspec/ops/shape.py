"""Ops that rearrange, cut, extend or resize, and compute nothing else."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, ClassVar, Literal

from archspec.errors import ShapeError
from archspec.ops.base import Op, Shape, shared_out
from archspec.ops.fields import STATIC, AmountsField, Count, Index, Number, PairField

Order = Annotated[Literal["channels_first", "channels_last"], STATIC]
Mode = Annotated[Literal["nearest", "bilinear"], STATIC]


class Flatten(Op):
    """A map as a vector, which reads channels first or last."""

    name = "flatten"
    output_channels = "channels * area"

    order: Order = "channels_first"

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels * height * width,)."""
        return (prod(shape),)


class Identity(Op):
    """The input."""

    name = "identity"


class SliceChannels(Op):
    """The channels from `start` up to, but not including, `stop`."""

    name = "slice_channels"
    fallbacks: ClassVar[Mapping[str, str]] = {"stop": "channels"}
    output_channels = "stop - start"

    start: Index = 0
    stop: Index

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (stop - start, height, width)."""
        channels, height, width = self.as_map(shape)
        kept = self.stop - self.start
        if kept < 1:
            raise ShapeError(
                f"a slice from {self.start} to {self.stop} has no channels: "
                f"{self.stop} - {self.start} = {kept}",
                "'stop' is the first channel that is left out",
            )
        if self.stop > channels:
            raise ShapeError(
                f"a slice from {self.start} to {self.stop} needs {self.stop} channels, "
                f"but the input has {channels}"
            )
        return kept, height, width


class ChannelShuffle(Op):
    """Deals the channels of each group to all groups (Zhang et al. 2018, ShuffleNet).

    Channel i of group g becomes channel i * groups + g: a (groups, channels / groups)
    matrix transposed.
    """

    name = "channel_shuffle"

    groups: Count

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width), unchanged."""
        channels, _, _ = self.as_map(shape)
        shared_out(channels, self.groups, "input channels")
        return shape


class Upsample(Op):
    """A map enlarged by whole factors; half-pixel centres, no antialiasing."""

    name = "upsample"

    factor: PairField = (2, 2)
    mode: Mode = "nearest"

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels, height * down, width * across)."""
        channels, height, width = self.as_map(shape)
        return channels, height * self.factor[0], width * self.factor[1]


class Resize(Op):
    """A map brought to `size`; half-pixel centres, no antialiasing."""

    name = "resize"

    size: Annotated[PairField, STATIC]
    mode: Mode = "bilinear"

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels, *size)."""
        channels, _, _ = self.as_map(shape)
        return channels, *self.size


class Pad(Op):
    """A map with cells of one value around it."""

    name = "pad"

    amounts: AmountsField
    value: Number = 0.0

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels, larger height, larger width)."""
        channels, height, width = self.as_map(shape)
        top, bottom, left, right = self.amounts
        return channels, top + height + bottom, left + width + right
