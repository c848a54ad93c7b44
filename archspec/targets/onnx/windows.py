"""Convolutions and pools: all padding is written as cells, from the map's size.

ONNX pads the beginnings of all axes first, then the ends.
"""

from __future__ import annotations

from archspec.ops.convolution import Conv, DepthwiseConv, TransposedConv
from archspec.ops.fields import Amounts
from archspec.ops.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool, Pool
from archspec.targets.onnx.graph import Site, writes


@writes(Conv, DepthwiseConv)
def conv(site: Site, op: Conv | DepthwiseConv) -> None:
    """`Conv`, with a group for each channel if it is depthwise."""
    site.end(
        "Conv",
        *site.inputs,
        *site.kernel(),
        kernel_shape=op.kernel,
        strides=op.stride,
        dilations=op.dilation,
        pads=pads(op.window.amounts(site.size)),
        group=op.groups if isinstance(op, Conv) else site.layer.inputs[0][0],
    )


@writes(TransposedConv)
def transposed_conv(site: Site, op: TransposedConv) -> None:
    """`ConvTranspose`, which cuts `pads` off; zeros that follow are `output_padding`.

    What follows gets the bias too.
    """
    top, bottom, left, right = op.window.crop
    site.end(
        "ConvTranspose",
        *site.inputs,
        *site.kernel(),
        kernel_shape=op.kernel,
        strides=op.stride,
        pads=pads((top, max(0, bottom), left, max(0, right))),
        output_padding=(max(0, -bottom), max(0, -right)),
    )


@writes(MaxPool)
def max_pool(site: Site, op: MaxPool) -> None:
    """`MaxPool`; cells that `ceil` adds are padding like any other."""
    _pool(site, "MaxPool", op, op.window.reach(site.size))
    if site.reads("Pad"):
        # onnxruntime (1.31) makes a Pad's zeros the pool's own padding, which is minus
        # infinity; not so where the pool gives the indices too
        site.graph.nodes[-1].output.append(f"{site.layer.path}/indices")


@writes(AvgPool)
def avg_pool(site: Site, op: AvgPool) -> None:
    """`AveragePool`, which counts all of its padding, or none.

    So where the padding counts and cells that `ceil` adds do not, a `Pad` goes first.
    Runtimes disagree about the rounding of their own `ceil_mode`.
    """
    amounts, beyond = op.window.amounts(site.size), op.window.overhang(site.size)
    if not op.count_padding:
        _pool(site, "AveragePool", op, op.window.reach(site.size))
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


@writes(GlobalAvgPool)
def global_avg_pool(site: Site, op: GlobalAvgPool) -> None:
    """`GlobalAveragePool` keeps the two axes, `ReduceMean` drops them."""
    if op.keep_size:
        site.end("GlobalAveragePool", *site.inputs)
    else:
        site.end("ReduceMean", *site.inputs, site.whole(2, 3), keepdims=0)


@writes(GlobalMaxPool)
def global_max_pool(site: Site, op: GlobalMaxPool) -> None:
    """`ReduceMax` keeps the two axes, or drops them."""
    site.end("ReduceMax", *site.inputs, site.whole(2, 3), keepdims=int(op.keep_size))


def pads(amounts: Amounts) -> tuple[int, ...]:
    """Top, bottom, left and right in ONNX's order."""
    top, bottom, left, right = amounts
    return top, left, bottom, right


def map_pads(amounts: Amounts) -> tuple[int, ...]:
    """The same with the batch and the channels, which have none."""
    top, bottom, left, right = amounts
    return 0, 0, top, left, 0, 0, bottom, right
