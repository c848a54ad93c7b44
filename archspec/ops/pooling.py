"""Ops that summarise windows of a map, or all of it, channel by channel."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import field_validator
from pydantic_core.core_schema import ValidationInfo

from archspec.ops.base import Op, Shape
from archspec.ops.fields import STATIC, Flag, Padding, PaddingField, PairField, refusal
from archspec.ops.window import Window


class Pool(Op):
    """What both windowed pools are: shape rule and checks."""

    fallbacks: ClassVar[Mapping[str, str]] = {"stride": "kernel"}

    kernel: PairField = (2, 2)
    stride: PairField
    padding: PaddingField = "valid"
    ceil: Annotated[Flag, STATIC] = False

    @property
    def window(self) -> Window:
        """The window that slides over the input."""
        return Window(self.kernel, self.stride, self.padding, ceil=self.ceil)

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels, positions down, positions across)."""
        channels, height, width = self.as_map(shape)
        return channels, *self.window.slide((height, width))

    @field_validator("padding")
    @classmethod
    def at_most_half(cls, padding: Padding, info: ValidationInfo) -> Padding:
        """More would let windows see nothing but padding; PyTorch refuses it too."""
        kernel = info.data.get("kernel")
        if kernel is None or isinstance(padding, str):
            return padding
        top, bottom, left, right = padding
        if max(top, bottom) > kernel[0] // 2 or max(left, right) > kernel[1] // 2:
            raise refusal(f"at most half of the kernel {list(kernel)}", padding)
        return padding


class MaxPool(Pool):
    """The largest number in each window; padding is minus infinity."""

    name = "max_pool"


class AvgPool(Pool):
    """The mean of each window.

    It divides by the cells of the input in the window, and with `count_padding` by
    those of the padding as well; never by cells that `ceil` adds beyond them.
    """

    name = "avg_pool"

    count_padding: Annotated[Flag, STATIC] = False


class GlobalAvgPool(Op):
    """The mean of each channel's map (Lin et al. 2013, Network in Network)."""

    name = "global_avg_pool"

    keep_size: Flag = False

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels,), or (channels, 1, 1) if kept."""
        channels, _, _ = self.as_map(shape)
        return (channels, 1, 1) if self.keep_size else (channels,)
