"""Ops that rearrange, cut, extend or resize, and the joins of several tensors."""

from __future__ import annotations

from typing import Any

from archspec.ops.join import Add, Concat, Multiply
from archspec.ops.shape import (
    ChannelShuffle,
    Flatten,
    Pad,
    Resize,
    SliceChannels,
    Upsample,
)
from archspec.targets.onnx.graph import Site, writes
from archspec.targets.onnx.windows import map_pads


@writes(Flatten)
def flatten(site: Site, op: Flatten) -> None:
    """`Flatten`, behind a `Transpose` where it reads channels last."""
    (x,) = site.inputs
    if site.of_maps and op.order == "channels_last":
        x = site.part("channels_last", "Transpose", x, perm=(0, 2, 3, 1))
    site.end("Flatten", x, axis=1)


@writes(SliceChannels)
def slice_channels(site: Site, op: SliceChannels) -> None:
    """`Slice` along the channels."""
    ends = site.whole(op.start), site.whole(op.stop)
    site.end("Slice", *site.inputs, *ends, site.whole(1))


@writes(ChannelShuffle)
def channel_shuffle(site: Site, op: ChannelShuffle) -> None:
    """`Reshape` to groups, `Transpose`, `Reshape` back; 0 keeps the batch."""
    channels, height, width = site.layer.output
    grouped = site.whole(0, op.groups, channels // op.groups, height * width)
    groups = site.part("groups", "Reshape", *site.inputs, grouped)
    dealt = site.part("dealt", "Transpose", groups, perm=(0, 2, 1, 3))
    site.end("Reshape", dealt, site.whole(0, channels, height, width))


@writes(Upsample, Resize)
def resize(site: Site, op: Upsample | Resize) -> None:
    """`Resize` to the output's height and width.

    A centre right between two cells takes the later one, as PyTorch's `nearest-exact`
    does; ONNX's own default takes the earlier.
    """
    _, height, width = site.layer.output
    linear = {"mode": "linear"}
    nearest = {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
    site.end(
        "Resize",
        *site.inputs,
        "",  # no region of interest
        "",  # no scales: the size
        site.whole(height, width),
        axes=(2, 3),
        coordinate_transformation_mode="half_pixel",
        **(linear if op.mode == "bilinear" else nearest),
    )


@writes(Pad)
def pad(site: Site, op: Pad) -> None:
    """`Pad` with one value."""
    amounts = site.whole(*map_pads(op.amounts))
    site.end("Pad", *site.inputs, amounts, site.number(op.value))


@writes(Add)
def add(site: Site, _: Any) -> None:
    """`Add` of two, `Sum` of more."""
    site.end("Add" if len(site.inputs) == 2 else "Sum", *site.inputs)


@writes(Multiply)
def multiply(site: Site, _: Any) -> None:
    """`Mul` of two after two; it broadcasts 1x1 maps."""
    product, *factors, last = site.inputs
    for number, factor in enumerate(factors):
        product = site.part(f"product{number}", "Mul", product, factor)
    site.end("Mul", product, last)


@writes(Concat)
def concat(site: Site, _: Any) -> None:
    """`Concat` along the channels."""
    site.end("Concat", *site.inputs, axis=1)
