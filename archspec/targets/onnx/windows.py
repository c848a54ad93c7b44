"""Convolutions and pools: all padding is written as cells, from the map's size.

ONNX pads the beginnings of all axes first, then the ends.
"""

from __future__ import annotations

from archspec.ops.convolution import Conv, DepthwiseConv, TransposedConv
from archspec.ops.fields import Amounts
from archspec.ops.pooling import AvgPool, GlobalAvgPool, MaxPool, Pool
from archspec.targets.onnx.graph import Site


def conv(site: Site, op: Conv) -> None:
    """`Conv`, whose weight has the same axes."""
    _conv(site, op, op.groups)


def depthwise_conv(site: Site, op: DepthwiseConv) -> None:
    """`Conv` with a group for each channel."""
    _conv(site, op, site.layer.inputs[0][0])


def _conv(site: Site, op: Conv | DepthwiseConv, groups: int) -> None:
    site.end(
        "Conv",
        *site.inputs,
        *site.kernel(),
        kernel_shape=op.kernel,
        strides=op.stride,
        dilations=op.dilation,
        pads=pads(op.window.amounts(site.size)),
        group=groups,
    )


def transposed_conv(site: Site, op: TransposedConv) -> None:
    """`ConvTranspose`, which cuts `pads` off; zeros that follow are `output_padding`.

    What follows gets the bias too.
    """
    height, width = (
        (cells - 1) * stride + kernel
        for cells, stride, kernel in zip(site.size, op.stride, op.kernel, strict=True)
    )
    _, down, across = site.layer.output
    vertical, horizontal = height - down, width - across
    top, left = max(0, vertical) // 2, max(0, horizontal) // 2
    if op.padding != "same":
        top, _, left, _ = op.window.amounts((height, width))
    bottom, right = vertical - top, horizontal - left
    site.end(
        "ConvTranspose",
        *site.inputs,
        *site.kernel(),
        kernel_shape=op.kernel,
        strides=op.stride,
        pads=pads((top, max(0, bottom), left, max(0, right))),
        output_padding=(max(0, -bottom), max(0, -right)),
    )


def max_pool(site: Site, op: MaxPool) -> None:
    """`MaxPool`; cells that `ceil` adds are padding like any other."""
    _pool(site, "MaxPool", op, _sum(op.window.amounts(site.size), _beyond(site, op)))
    if site.reads("Pad"):
        # onnxruntime (1.31) makes a Pad's zeros the pool's own padding, which is minus
        # infinity; not so where the pool gives the indices too
        site.graph.nodes[-1].output.append(f"{site.layer.path}/indices")


def avg_pool(site: Site, op: AvgPool) -> None:
    """`AveragePool`, which counts all of its padding, or none.

    So where the padding counts and cells that `ceil` adds do not, a `Pad` goes first.
    """
    amounts, beyond = op.window.amounts(site.size), _beyond(site, op)
    if not op.count_padding:
        _pool(site, "AveragePool", op, _sum(amounts, beyond))
        return
    if not any(beyond):
        _pool(site, "AveragePool", op, amounts, count_include_pad=1)
        return
    (image,) = site.inputs
    if any(amounts):
        cells = site.whole(*map_pads(amounts))
        image = site.part("pad", "Pad", image, cells)
    _pool(site, "AveragePool", op, beyond, image)


def _pool(
    site: Site,
    operator: str,
    op: Pool,
    amounts: Amounts,
    image: str | None = None,
    **attributes: int,
) -> None:
    site.end(
        operator,
        image or site.inputs[0],
        kernel_shape=op.kernel,
        strides=op.stride,
        pads=pads(amounts),
        **attributes,
    )


def _beyond(site: Site, op: Pool) -> Amounts:
    """How far the last windows stick out of the padded map, by `ceil`.

    Written as padding: runtimes disagree about the rounding of their own `ceil_mode`.
    """
    _, down, across = site.layer.output
    top, bottom, left, right = op.window.amounts(site.size)
    height, width = site.size[0] + top + bottom, site.size[1] + left + right
    below = (down - 1) * op.stride[0] + op.kernel[0] - height
    beside = (across - 1) * op.stride[1] + op.kernel[1] - width
    return 0, max(0, below), 0, max(0, beside)


def global_avg_pool(site: Site, op: GlobalAvgPool) -> None:
    """`GlobalAveragePool` keeps the two axes, `ReduceMean` drops them."""
    if op.keep_size:
        site.end("GlobalAveragePool", *site.inputs)
    else:
        site.end("ReduceMean", *site.inputs, site.whole(2, 3), keepdims=0)


def pads(amounts: Amounts) -> tuple[int, ...]:
    """Top, bottom, left and right in ONNX's order."""
    top, bottom, left, right = amounts
    return top, left, bottom, right


def map_pads(amounts: Amounts) -> tuple[int, ...]:
    """The same with the batch and the channels, which have none."""
    top, bottom, left, right = amounts
    return 0, 0, top, left, 0, 0, bottom, right


def _sum(one: Amounts, other: Amounts) -> Amounts:
    top, bottom, left, right = (a + b for a, b in zip(one, other, strict=True))
    return top, bottom, left, right
