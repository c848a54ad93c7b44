"""Normalisation, by the batch or by constants."""

from __future__ import annotations

import numpy as np

from archspec.importing.arranging import decimal
from archspec.importing.building import Builder, Constant
from archspec.importing.keras.layers.registry import (
    Array,
    Use,
    reads,
    setting,
)
from archspec.importing.layouts import Unreadable, Value


def _check_axis(use: Use, x: Value) -> None:
    axes: list[int] = np.atleast_1d(use.config.get("axis", -1)).tolist()
    if [n % len(x.dims) for n in axes] != [len(x.dims) - 1]:
        raise Unreadable(f"normalisation over axes {axes}")


def _scale_and_shift(use: Use) -> dict[str, Constant]:
    """Those that the layer has, which Keras numbers in this order."""
    keys = {"scale": "gamma", "shift": "beta"}
    has = {"scale": use.config["scale"], "shift": use.config["center"]}
    own = [key for key in keys if has[key]]
    return {key: use.weight(n, keys[key]) for n, key in enumerate(own)}


@reads("BatchNormalization")
def _batch_norm(builder: Builder, use: Use, x: Value) -> Value:
    _check_axis(use, x)
    weights = _statistics(use)
    decay = setting(use, "momentum")
    return builder.channelwise(
        "batch_norm", x, -1, weights, epsilon=setting(use, "epsilon"), decay=decay
    )


def _statistics(use: Use) -> dict[str, Constant]:
    weights = _scale_and_shift(use)
    place = len(weights)
    mean = use.weight(place, "moving_mean")
    return weights | {
        "mean": mean,
        "variance": use.weight(place + 1, "moving_variance"),
    }


@reads("LayerNormalization")
def _layer_norm(builder: Builder, use: Use, x: Value) -> Value:
    _check_axis(use, x)
    if use.config.get("rms_scaling"):
        raise Unreadable("a layer norm with rms_scaling")
    weights = _scale_and_shift(use)
    return builder.channelwise(
        "layer_norm", x, -1, weights, epsilon=setting(use, "epsilon")
    )


@reads("RMSNormalization")
def _rms_norm(builder: Builder, use: Use, x: Value) -> Value:
    _check_axis(use, x)
    weights = {"scale": use.weight(0, "scale")}
    return builder.channelwise(
        "rms_norm", x, -1, weights, epsilon=setting(use, "epsilon")
    )


@reads("GroupNormalization")
def _group_norm(builder: Builder, use: Use, x: Value) -> Value:
    _check_axis(use, x)
    groups = int(use.config["groups"])
    groups = x.shape[-1] if groups == -1 else groups
    weights = _scale_and_shift(use)
    return builder.channelwise(
        "group_norm", x, -1, weights, groups=groups, epsilon=setting(use, "epsilon")
    )


@reads("Rescaling")
def _rescaling(builder: Builder, use: Use, x: Value) -> Value:
    scale, offset = (
        np.atleast_1d(np.asarray(use.config[name], np.float64))
        for name in ("scale", "offset")
    )
    if scale.ndim > 1 or offset.ndim > 1 or not np.all(scale > 0):
        raise Unreadable(f"rescaling by {scale.tolist()} and {offset.tolist()}")
    return _normalized(builder, x, -offset / scale, 1 / scale)


@reads("Normalization")
def _normalization(builder: Builder, use: Use, x: Value) -> Value:
    config = use.config
    if config.get("invert"):
        raise Unreadable("a normalization that is inverted")
    if config.get("mean") is not None:
        mean, variance = (
            np.asarray(config[name], np.float64) for name in ("mean", "variance")
        )
    else:
        _check_axis(use, x)
        mean, variance = (
            use.weight(n, name).array for n, name in enumerate(("mean", "variance"))
        )
    # under which Keras takes the standard deviation for this
    std = np.maximum(np.sqrt(np.asarray(variance, np.float64)), 1e-7)
    return _normalized(builder, x, mean.reshape(-1), std.reshape(-1))


def _normalized(builder: Builder, x: Value, mean: Array, std: Array) -> Value:
    means, stds = (_decimals(each) for each in (mean, std))
    return builder.channelwise("normalize", x, -1, {}, mean=means, std=stds)


def _decimals(numbers: Array) -> tuple[float, ...]:
    """Numbers as a person wrote them; one if all are equal."""
    found = tuple(decimal(float(number)) for number in numbers)
    return found[:1] if len(set(found)) == 1 else found
