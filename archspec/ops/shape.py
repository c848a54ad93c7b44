"""Shape operations."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, ClassVar

from archspec.errors import ShapeError
from archspec.ops import arrays
from archspec.ops.attributes import Doc
from archspec.ops.base import Array, Idle, Op, Weights, shared_out
from archspec.ops.fields import (
    STATIC,
    AmountsField,
    Count,
    Examples,
    Index,
    ModeField,
    Number,
    OrderField,
    PairField,
)
from archspec.ops.shapes import Shape


class Flatten(Op):
    """Flatten a feature map to a vector, in channels-first or channels-last order."""

    name = "flatten"
    is_view = True
    kinds = ("feature map", "vector")
    keeps_sign = True
    output_channels = "channels * positions"
    sized = True

    order: OrderField = "channels_first"

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels * height * width,)."""
        self.check_kind(shape)
        return (prod(shape),)

    def is_idle(self, shape: Shape) -> bool:
        return len(shape) == 1

    def evaluate(self, x: Array, weights: Weights) -> Array:
        if self.order == "channels_last":
            x = x.__array_namespace__().moveaxis(x, 1, -1)
        return x.reshape(x.shape[0], -1)


class Identity(Idle):
    """Return the input."""

    name = "identity"
    is_view = True


class SliceChannels(Op):
    """Channels from `start` to `stop`, exclusive."""

    name = "slice_channels"
    keeps_sign = True
    fallbacks: ClassVar[Mapping[str, str]] = {"stop": "channels"}
    output_channels = "stop - start"

    start: Annotated[Index, Examples(0, 1), Doc("First channel.")] = 0
    stop: Annotated[Index, Examples(5, 3), Doc("Channel behind the last.")]

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> (stop - start, ...)."""
        channels, *others = shape
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
        return kept, *others

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x[:, self.start : self.stop]


class ChannelShuffle(Op):
    """Channel shuffle (Zhang et al. 2018, ShuffleNet).

    Channel i of group g becomes channel i * groups + g: a transposed (groups,
    channels / groups) matrix. Channels must be a multiple of `groups`.
    """

    name = "channel_shuffle"
    kinds = ("feature map",)
    keeps_sign = True

    groups: Annotated[Count, Examples(2, 3), Doc("Groups of channels to mix.")]

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> unchanged."""
        channels, _, _ = self.as_map(shape)
        shared_out(channels, self.groups, "input channels")
        return shape

    def evaluate(self, x: Array, weights: Weights) -> Array:
        batch, _, *size = x.shape
        groups = x.reshape(batch, self.groups, -1, *size)
        return groups.swapaxes(1, 2).reshape(x.shape)


class _Blocks(Op):
    """Base of ops that move blocks of pixels to the channels, or back.

    With `order: channels_first`, pixel (y, x) of a block and channel c are channel
    `(c * factor + y) * factor + x`, else `(y * factor + x) * channels + c`.
    """

    kinds = ("feature map",)
    keeps_sign = True

    factor: Annotated[Count, Examples(2, 3, 1), Doc("Factor of height and width.")] = 2
    order: OrderField = "channels_first"

    def is_idle(self, shape: Shape) -> bool:
        return self.factor == 1


class SpaceToDepth(_Blocks):
    """Move each `factor` x `factor` block of pixels to the channels: pixel unshuffle.

    `order` of the new channels: all pixels of a channel together (`channels_first`, as
    PyTorch's `PixelUnshuffle`), or all channels of a pixel (`channels_last`, as
    TensorFlow's `space_to_depth`).
    """

    name = "space_to_depth"
    sample = (6, 12, 18)
    output_channels = "channels * factor * factor"

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels * factor^2, ...), each / factor."""
        channels, height, width = self.as_map(shape)
        rows, columns = -height % self.factor, -width % self.factor
        if rows or columns:
            raise ShapeError(
                f"space_to_depth needs a multiple of {self.factor} pixels in height "
                f"and width, but its input is {height}x{width}",
                f"pad it first: {{pad: [0, {rows}, 0, {columns}]}}",
            )
        area = self.factor * self.factor
        return channels * area, height // self.factor, width // self.factor

    def evaluate(self, x: Array, weights: Weights) -> Array:
        first, factor = self.order == "channels_first", self.factor
        batch, channels, height, _ = x.shape
        split = x.reshape(batch, channels, height // factor, factor, -1, factor)
        moved = split.transpose((0, 1, 3, 5, 2, 4) if first else (0, 3, 5, 1, 2, 4))
        return moved.reshape(batch, *self.infer(x.shape[1:]))


class DepthToSpace(_Blocks):
    """The inverse of `space_to_depth`: pixel shuffle (Shi et al. 2016, section 3.2)."""

    name = "depth_to_space"
    sample = (36, 3, 4)
    output_channels = "channels // (factor * factor)"

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels / factor^2, ...), each * factor."""
        channels, height, width = self.as_map(shape)
        each, rest = divmod(channels, self.factor * self.factor)
        if rest:
            raise ShapeError(
                f"depth_to_space needs a multiple of {self.factor} * {self.factor} "
                f"channels, but its input has {channels}",
                f"a convolution before it sets the channels: "
                f"{{conv: {(each + 1) * self.factor**2}}}",
            )
        return each, height * self.factor, width * self.factor

    def evaluate(self, x: Array, weights: Weights) -> Array:
        first, factor = self.order == "channels_first", self.factor
        batch, _, height, width = x.shape
        split = (-1, factor, factor) if first else (factor, factor, -1)
        blocks = x.reshape(batch, *split, height, width)
        moved = blocks.transpose((0, 1, 4, 2, 5, 3) if first else (0, 3, 4, 1, 5, 2))
        return moved.reshape(batch, *self.infer(x.shape[1:]))


class Upsample(Op):
    """Upsample a feature map by `factor`."""

    name = "upsample"
    kinds = ("feature map",)
    keeps_sign = True

    factor: Annotated[
        PairField, Examples(2, 3, (1, 2)), Doc("Factor of height and width.")
    ] = (2, 2)
    mode: ModeField = "nearest"

    def infer(self, shape: Shape) -> tuple[int, int, int]:
        """(channels, height, width) -> (channels, height * factor, width * factor)."""
        channels, height, width = self.as_map(shape)
        return channels, height * self.factor[0], width * self.factor[1]

    def evaluate(self, x: Array, weights: Weights) -> Array:
        _, height, width = self.infer(x.shape[1:])
        return arrays.resized(x, (height, width), self.mode)


class Resize(Op):
    """Resize a feature map to `size`, or to the size of `like: reference`."""

    name = "resize"
    kinds = ("feature map",)
    keeps_sign = True
    like = "size"

    size: Annotated[
        PairField,
        STATIC,
        Examples(5, 7, (7, 9), (13, 30)),
        Doc("Output size: a number or `[height, width]`."),
    ]
    mode: ModeField = "bilinear"

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels, *size)."""
        channels, _, _ = self.as_map(shape)
        return channels, *self.size

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return arrays.resized(x, self.size, self.mode)


class Pad(Op):
    """Pad a feature map with `[top, bottom, left, right]` pixels of `value`."""

    name = "pad"
    kinds = ("feature map",)

    amounts: Annotated[
        AmountsField,
        Examples((1, 1, 1, 1), (0, 1, 2, 3), (1, 1, 2, 2)),
        Doc("Pixels at each side: `[top, bottom, left, right]`."),
    ]
    value: Annotated[Number, Examples(0, 1.5, -1), Doc("Value of the new pixels.")] = (
        0.0
    )

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels, rows, columns)."""
        channels, height, width = self.as_map(shape)
        top, bottom, left, right = self.amounts
        return channels, top + height + bottom, left + width + right

    def is_non_negative(self, given: bool) -> bool:
        return given and self.value >= 0

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return arrays.padded(x, self.amounts, self.value)
