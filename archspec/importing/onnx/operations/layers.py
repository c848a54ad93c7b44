"""Convolutions, dense layers and normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from archspec.importing.arranging import rounded
from archspec.importing.building import Builder, Constant
from archspec.importing.layouts import Unreadable, Value
from archspec.importing.onnx.operations.registry import (
    Window,
    bias_of,
    constant,
    pair,
    reads,
)


@reads("Conv")
def _conv(
    builder: Builder,
    x: Value,
    weight: Any,
    bias: Any = None,
    *,
    group: int = 1,
    kernel_shape: Any = None,
    **given: Any,
) -> Value:
    weight = constant(weight, "weights")
    window = Window(pair(weight.shape[2:]), **given)
    return builder.conv(
        x,
        weight,
        bias_of(bias),
        stride=pair(window.strides),
        padding=window.amounts(x),
        dilation=pair(window.dilations),
        groups=group,
    )


@reads("ConvTranspose")
def _transposed_conv(
    builder: Builder,
    x: Value,
    weight: Any,
    bias: Any = None,
    *,
    group: int = 1,
    kernel_shape: Any = None,
    output_padding: Sequence[int] = (),
    output_shape: Sequence[int] = (),
    **given: Any,
) -> Value:
    weight, bias = constant(weight, "weights"), bias_of(bias)
    window = Window(pair(weight.shape[2:]), **given)
    if any(output_padding) or group > 1 or pair(window.dilations) != (1, 1):
        message = "a transposed convolution with output padding, groups or dilation"
        raise Unreadable(message)
    if output_shape or window.auto_pad not in ("NOTSET", "VALID"):
        raise Unreadable("a transposed convolution without explicit padding")
    weights = {"weight": weight} | ({"bias": bias} if bias else {})
    filters, has_bias = weight.shape[1], bias is not None
    shared = window.shared(x)
    return builder.spatial(
        "transposed_conv", x, weights, filters=filters, bias=has_bias, **shared
    )


@reads("Gemm")
def _gemm(
    builder: Builder,
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    **transposed: int,
) -> Value:
    weight = constant(weight, "weights")
    factors = alpha, beta if bias else 1.0
    if transposed.get("transA") or factors != (1, 1) or len(x.dims) != 2:
        raise Unreadable(
            "a product of matrices with factors, or of a transposed tensor"
        )
    matrix = weight.array if transposed.get("transB") else weight.array.T
    added = bias_of(bias)
    if added is not None:
        each = np.broadcast_to(added.array, (1, len(matrix))).reshape(-1)
        added = added.moved(each)
    return builder.dense(x, weight.moved(matrix), added)


@reads("MatMul", "FusedMatMul")
def _matmul(builder: Builder, x: Any, by: Any) -> Any:
    return builder.product(x, by)


# -- normalisation -------------------------------------------------------------


@reads("BatchNormalization")
def _batch_norm(
    builder: Builder,
    x: Value,
    *weights: Any,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
    spatial: int = 1,
    is_test: int = 1,
) -> Value:
    if training_mode or not spatial:
        raise Unreadable("a batch norm that uses the statistics of the batch")
    names = "scale", "shift", "mean", "variance"
    pairs = zip(names, weights, strict=True)
    given = {name: constant(weight, "statistics") for name, weight in pairs}
    settings = {"epsilon": rounded(epsilon), "decay": rounded(momentum)}
    return builder.channelwise("batch_norm", x, 1, given, **settings)


@reads("LayerNormalization")
def _layer_norm(
    builder: Builder,
    x: Value,
    scale: Any,
    shift: Any = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Value:
    if axis % len(x.dims) != len(x.dims) - 1:
        raise Unreadable("a layer norm over more than the last axis")
    weights = {
        "scale": constant(scale, "scales"),
        "shift": constant(shift, "shifts") if shift else None,
    }
    return builder.channelwise("layer_norm", x, -1, weights, epsilon=rounded(epsilon))


@reads("RMSNormalization")
def _rms_norm(
    builder: Builder,
    x: Value,
    scale: Any,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Value:
    if axis % len(x.dims) != len(x.dims) - 1:
        raise Unreadable("an RMS norm over more than the last axis")
    weights = {"scale": constant(scale, "scales")}
    return builder.channelwise("rms_norm", x, -1, weights, epsilon=rounded(epsilon))


@reads("GroupNormalization")
def _group_norm(
    builder: Builder,
    x: Value,
    scale: Any,
    shift: Any,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Value:
    both = [_each(constant(each, "scales"), x.shape[1]) for each in (scale, shift)]
    weights = {"scale": both[0], "shift": both[1]}
    settings = {"groups": num_groups, "epsilon": rounded(epsilon)}
    return builder.channelwise("group_norm", x, 1, weights, **settings)


def _each(weight: Constant, channels: int) -> Constant:
    """For each channel; before operator set 21 there was a number for each group."""
    count = channels // max(1, len(weight.array))
    return weight.moved(np.repeat(weight.array, count))


@reads("InstanceNormalization")
def _instance_norm(
    builder: Builder, x: Value, scale: Any, shift: Any, *, epsilon: float = 1e-5
) -> Value:
    """Of a tensor whose channels are groups it is how exporters write a group norm."""
    both = constant(scale, "scales"), constant(shift, "shifts")
    if x.dims[1] == x.axes[0]:
        settings = {"num_groups": x.shape[1], "epsilon": epsilon}
        return _group_norm(builder, x, *both, **settings)
    if (both[0].array != 1).any() or both[1].array.any():
        raise Unreadable("an instance norm of groups with scales and shifts")
    return builder.grouped(x, rounded(epsilon))
