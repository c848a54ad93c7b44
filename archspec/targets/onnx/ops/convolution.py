"""Convolutions and dense layers as nodes."""

from __future__ import annotations

from archspec.ops.convolution import Conv, Dense, DepthwiseConv, TransposedConv
from archspec.targets.onnx.graph import Site
from archspec.targets.onnx.windows import window


def conv(site: Site, op: Conv | DepthwiseConv) -> None:
    """`Conv`, with a group for each channel if it is depthwise."""
    site.end(
        "Conv",
        *site.inputs,
        *site.kernel(),
        **window(op, op.window.amounts(site.size)),
        dilations=op.dilation,
        group=op.groups if isinstance(op, Conv) else site.layer.inputs[0][0],
    )


depthwise_conv = conv


def transposed_conv(site: Site, op: TransposedConv) -> None:
    """`ConvTranspose`, which cuts `pads` off; zeros that follow are `output_padding`.

    The bias is added to these zeros, too.
    """
    top, bottom, left, right = op.window.crop
    site.end(
        "ConvTranspose",
        *site.inputs,
        *site.kernel(),
        **window(op, (top, max(0, bottom), left, max(0, right))),
        output_padding=(max(0, -bottom), max(0, -right)),
    )


def dense(site: Site, op: Dense) -> None:
    """`Gemm` of vectors, a 1x1 `Conv` of feature maps, `MatMul` of sequences."""
    if site.of_sequences:
        _matmul(site)
        return
    if not site.of_maps:
        site.end("Gemm", *site.inputs, *site.kernel(), transB=1)
        return
    units, channels = op.units, site.layer.inputs[0][0]
    site.end("Conv", *site.inputs, *site.kernel((units, channels, 1, 1)))


def _matmul(site: Site) -> None:
    """`MatMul` with the transposed kernel, and `Add` of a bias."""
    kernel = site.stored("weight", site.weights["weight"].T)
    if "bias" not in site.weights:
        site.end("MatMul", *site.inputs, kernel)
        return
    product = site.part("product", "MatMul", *site.inputs, kernel)
    site.end("Add", product, site.weight("bias"))
