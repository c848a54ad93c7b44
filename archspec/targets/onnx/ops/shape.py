"""Ops that move channels and pixels, or resize feature maps, as nodes."""

from __future__ import annotations

import numpy as np

from archspec.ops.shape import (
    ChannelShuffle,
    DepthToSpace,
    Flatten,
    Pad,
    Resize,
    SliceChannels,
    SpaceToDepth,
    Upsample,
)
from archspec.targets.onnx.graph import Site
from archspec.targets.onnx.windows import map_pads


def flatten(site: Site, op: Flatten) -> None:
    """`Flatten`, behind a `Transpose` where it reads channels last."""
    (x,) = site.inputs
    if site.of_maps and op.order == "channels_last":
        x = site.part("channels_last", "Transpose", x, perm=(0, 2, 3, 1))
    site.end("Flatten", x, axis=1)


def slice_channels(site: Site, op: SliceChannels) -> None:
    """`Slice` along the channels."""
    ends = site.whole(op.start), site.whole(op.stop)
    site.end("Slice", *site.inputs, *ends, site.whole(site.channels))


def channel_shuffle(site: Site, op: ChannelShuffle) -> None:
    """`Reshape` to groups, `Transpose`, `Reshape` back; 0 keeps the batch."""
    channels, height, width = site.layer.output
    grouped = site.whole(0, op.groups, channels // op.groups, height * width)
    groups = site.part("groups", "Reshape", *site.inputs, grouped)
    dealt = site.part("dealt", "Transpose", groups, perm=(0, 2, 1, 3))
    site.end("Reshape", dealt, site.whole(0, channels, height, width))


def space_to_depth(site: Site, op: SpaceToDepth) -> None:
    """`SpaceToDepth`, which keeps the channels of a pixel together."""
    if op.order == "channels_last":
        site.end("SpaceToDepth", *site.inputs, blocksize=op.factor)
        return
    channels, height, width = site.layer.output
    pixels = channels // op.factor**2, height, op.factor, width, op.factor
    split = site.part("pixels", "Reshape", *site.inputs, site.whole(0, *pixels))
    moved = site.part("blocks", "Transpose", split, perm=(0, 1, 3, 5, 2, 4))
    site.end("Reshape", moved, site.whole(0, channels, height, width))


def depth_to_space(site: Site, op: DepthToSpace) -> None:
    """`DepthToSpace`; `CRD` has the pixels of a channel together."""
    mode = "CRD" if op.order == "channels_first" else "DCR"
    site.end("DepthToSpace", *site.inputs, blocksize=op.factor, mode=mode)


def resize(site: Site, op: Upsample | Resize) -> None:
    """`Resize` to the output's height and width.

    A centre right between two pixels takes the later one, as PyTorch's `nearest-exact`
    does; ONNX's own default takes the earlier.
    """
    _, height, width = site.layer.output
    whole = height % site.size[0] == width % site.size[1] == 0
    if op.mode == "nearest_floor" and not whole:
        _take(site, (height, width))
        return
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


upsample = resize


def _take(site: Site, size: tuple[int, int]) -> None:
    """`Gather` of rows and columns: `Resize` rounds its scale, and misses some."""
    site.reserve(sum(size))
    rows, columns = (
        site.constant(name, np.arange(new, dtype=np.int64) * old // new)
        for name, old, new in zip(("rows", "columns"), site.size, size, strict=True)
    )
    down = site.part("down", "Gather", *site.inputs, rows, axis=2)
    site.end("Gather", down, columns, axis=3)


def pad(site: Site, op: Pad) -> None:
    """`Pad` with one value."""
    amounts = site.whole(*map_pads(op.amounts))
    site.end("Pad", *site.inputs, amounts, site.number(op.value))
