"""Convolutions, dense layers and normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archspec.importing.arranging import rounded
from archspec.importing.building import Builder, Constant
from archspec.importing.layouts import Lacking, Unreadable, Value
from archspec.importing.torch.operations.registry import (
    around,
    pair,
    reads,
)


@reads("conv2d", "convolution")
def _conv2d(
    builder: Builder,
    x: Value,
    *,
    weight: Constant,
    bias: Constant | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] | str = (0,),
    dilation: Sequence[int] = (1,),
    groups: int = 1,
    transposed: bool = False,
    output_padding: Sequence[int] = (0,),
) -> Value:
    if isinstance(weight, Value):
        raise Lacking("weights that depend on the input")
    if transposed:
        return _transposed_conv(
            builder,
            x,
            weight=weight,
            bias=bias,
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            groups=groups,
            dilation=dilation,
        )
    kernel = weight.shape[2:]
    if padding == "same":
        extents = [d * (k - 1) for d, k in zip(pair(dilation), kernel, strict=True)]
        top, left = (extent // 2 for extent in extents)
        amounts = top, extents[0] - top, left, extents[1] - left
    else:
        amounts = around(0 if padding == "valid" else padding)  # pyright: ignore
    return builder.conv(
        x,
        weight,
        bias,
        stride=pair(stride),
        padding=amounts,
        dilation=pair(dilation),
        groups=groups,
    )


@reads("conv1d")
def _conv1d(
    builder: Builder,
    x: Value,
    *,
    weight: Constant,
    bias: Constant | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] | str = (0,),
    dilation: Sequence[int] = (1,),
    groups: int = 1,
) -> Value:
    """That of a feature map of a single row."""
    channels, length = x.dims[1:]
    row = x._replace(dims=(x.dims[0], channels, (), length))
    found = _conv2d(
        builder,
        row,
        weight=weight.moved(weight.array[:, :, None]),
        bias=bias,
        stride=(1, *stride),
        padding=padding if isinstance(padding, str) else (0, *padding),
        dilation=(1, *dilation),
        groups=groups,
    )
    return found._replace(dims=(*found.dims[:2], found.dims[3]))


@reads("conv_transpose2d")
def _transposed_conv(
    builder: Builder,
    x: Value,
    *,
    weight: Constant,
    bias: Constant | None = None,
    stride: Sequence[int] = (1,),
    padding: Any = (0,),
    output_padding: Sequence[int] = (0,),
    groups: int = 1,
    dilation: Sequence[int] = (1,),
) -> Value:
    if any(output_padding) or groups > 1 or pair(dilation) != (1, 1):
        raise Unreadable(
            "a transposed convolution with output padding, groups or dilation"
        )
    weights = {"weight": weight} | ({"bias": bias} if bias else {})
    return builder.spatial(
        "transposed_conv",
        x,
        weights,
        filters=weight.shape[1],
        kernel=weight.shape[2:],
        stride=pair(stride),
        padding=around(padding),
        bias=bias is not None,
    )


@reads("linear")
def _linear(
    builder: Builder, x: Value, weight: Constant, bias: Constant | None = None
) -> Value:
    return builder.dense(x, weight, bias)


@reads("addmm")
def _addmm(builder: Builder, bias: Any, mat1: Value, mat2: Constant) -> Value:
    return builder.dense(mat1, mat2.moved(mat2.array.T), bias)


@reads("batch_norm", "_native_batch_norm_legit_no_training")
def _batch_norm(
    builder: Builder,
    x: Value,
    *,
    weight: Constant | None,
    bias: Constant | None,
    running_mean: Constant | None,
    running_var: Constant | None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    cudnn_enabled: bool = False,
) -> Value:
    if training or not (running_mean and running_var):
        raise Unreadable("a batch norm that uses the statistics of the batch")
    statistics = {"mean": running_mean, "variance": running_var}
    weights = {"scale": weight, "shift": bias, **statistics}
    decay, epsilon = rounded(1 - momentum), rounded(eps)
    return builder.channelwise(
        "batch_norm", x, 1, weights, epsilon=epsilon, decay=decay
    )


@reads("layer_norm")
def _layer_norm(
    builder: Builder,
    x: Value,
    *,
    normalized_shape: Sequence[int],
    weight: Constant | None = None,
    bias: Constant | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Value:
    if len(normalized_shape) == 3 and not (weight or bias):
        return _group_norm(builder, x, num_groups=1, eps=eps)
    if len(normalized_shape) != 1:
        raise Lacking("a layer norm over more than the last axis")
    weights = {"scale": weight, "shift": bias}
    return builder.channelwise("layer_norm", x, -1, weights, epsilon=rounded(eps))


@reads("group_norm")
def _group_norm(
    builder: Builder,
    x: Value,
    *,
    num_groups: int,
    weight: Constant | None = None,
    bias: Constant | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Value:
    weights = {"scale": weight, "shift": bias}
    return builder.channelwise(
        "group_norm", x, 1, weights, groups=num_groups, epsilon=rounded(eps)
    )


@reads("rms_norm")
def _rms_norm(
    builder: Builder,
    x: Value,
    normalized_shape: Sequence[int],
    weight: Constant | None = None,
    eps: float | None = None,
) -> Value:
    if len(normalized_shape) != 1 or eps is None:
        raise Unreadable("an RMS norm over more than the last axis, or without epsilon")
    weights = {"scale": weight}
    return builder.channelwise("rms_norm", x, -1, weights, epsilon=rounded(eps))
