"""Convolutions and dense layers."""

from __future__ import annotations

from archspec.importing.building import Builder, Constant
from archspec.importing.keras.layers.pointwise import last
from archspec.importing.keras.layers.registry import (
    Array,
    Use,
    amounts,
    channels_first,
    channels_last,
    check_format,
    pair,
    reads,
    setting,
    spatial,
)
from archspec.importing.layouts import Unreadable, Value


def _kernel(array: Array) -> Array:
    """(height, width, in, out) as (out, in, height, width)."""
    return array.transpose(3, 2, 0, 1)


def _depthwise_kernel(array: Array) -> Array:
    """(height, width, in, multiplier) as (in * multiplier, 1, height, width)."""
    return array.transpose(2, 3, 0, 1).reshape(-1, 1, *array.shape[:2])


def _convolved(
    builder: Builder,
    use: Use,
    x: Value,
    weight: Constant,
    bias: Constant | None,
    *,
    groups: int,
) -> Value:
    check_format(use)
    config = use.config
    kernel = pair(weight.shape[2:])
    stride, dilation = pair(config["strides"]), pair(config["dilation_rate"])
    found = builder.conv(
        channels_first(x),
        weight,
        bias,
        stride=stride,
        padding=amounts(x, config["padding"], kernel, stride, dilation),
        dilation=dilation,
        groups=groups,
    )
    return channels_last(found)


@reads("Conv2D")
def _conv(builder: Builder, use: Use, x: Value) -> Value:
    weight, bias = use.weight(0, "kernel", _kernel), use.bias(1)
    groups = int(use.config.get("groups", 1))
    return last(builder, _convolved(builder, use, x, weight, bias, groups=groups), use)


@reads("DepthwiseConv2D")
def _depthwise(builder: Builder, use: Use, x: Value) -> Value:
    weight = use.weight(0, "kernel", _depthwise_kernel)
    found = _convolved(builder, use, x, weight, use.bias(1), groups=x.shape[-1])
    return last(builder, found, use)


@reads("SeparableConv2D")
def _separable(builder: Builder, use: Use, x: Value) -> Value:
    weight = use.weight(0, "depthwise_kernel", _depthwise_kernel)
    filtered = _convolved(builder, use, x, weight, None, groups=x.shape[-1])
    mixed = builder.conv(
        channels_first(filtered),
        use.weight(1, "pointwise_kernel", _kernel),
        use.bias(2),
        stride=(1, 1),
        padding=(0, 0, 0, 0),
        dilation=(1, 1),
        groups=1,
    )
    return last(builder, channels_last(mixed), use)


@reads("Conv2DTranspose")
def _transposed(builder: Builder, use: Use, x: Value) -> Value:
    check_format(use)
    config = use.config
    if config.get("output_padding") is not None or pair(config["dilation_rate"]) != (
        1,
        1,
    ):
        raise Unreadable("a transposed convolution with output padding or dilation")
    # (height, width, out, in), whose windows are flipped in no framework
    weight = use.weight(0, "kernel", lambda array: array.transpose(3, 2, 0, 1))
    bias = use.bias(1)
    kernel, stride = pair(weight.shape[2:]), pair(config["strides"])
    if config["padding"] == "valid" and any(
        s > k for s, k in zip(stride, kernel, strict=True)
    ):
        raise Unreadable("a transposed convolution with gaps between its windows")
    found = spatial(
        builder,
        "transposed_conv",
        x,
        {"weight": weight} | ({"bias": bias} if bias else {}),
        filters=weight.shape[1],
        kernel=kernel,
        stride=stride,
        padding=config["padding"],
        bias=bias is not None,
    )
    return last(builder, found, use)


@reads("Dense")
def _dense(builder: Builder, use: Use, x: Value) -> Value:
    weight = use.weight(0, "kernel", lambda array: array.T)
    if len(weight.shape) != 2 or weight.shape[1] != x.shape[-1]:
        raise Unreadable(f"a kernel of {weight.shape[::-1]} for {x.shape[-1]} channels")
    return last(builder, builder.dense(x, weight, use.bias(1)), use)


@reads("LayerScale")
def _layer_scale(builder: Builder, use: Use, x: Value) -> Value:
    weights = {"scale": use.weight(0, "gamma")}
    initial = setting(use, "init_values")
    return builder.channelwise("layer_scale", x, -1, weights, initial=initial)
