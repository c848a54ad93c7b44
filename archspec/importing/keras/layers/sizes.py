"""Pooling, padding and resizing."""

from __future__ import annotations

import numpy as np

from archspec.importing.building import Builder
from archspec.importing.keras.layers.registry import (
    LAYERS,
    Use,
    amounts,
    check_format,
    pair,
    reads,
    spatial,
)
from archspec.importing.layouts import Unreadable, Value
from archspec.importing.readings import Reading


def _pool(name: str) -> Reading:
    def reading(builder: Builder, use: Use, x: Value) -> Value:
        check_format(use)
        kernel = pair(use.config["pool_size"])
        stride = pair(use.config.get("strides") or kernel)
        padding = amounts(x, use.config["padding"], kernel, stride, (1, 1))
        return spatial(
            builder, name, x, {}, kernel=kernel, stride=stride, padding=padding
        )

    return reading


def _global(name: str) -> Reading:
    def reading(builder: Builder, use: Use, x: Value) -> Value:
        check_format(use)
        keep = bool(use.config.get("keepdims"))
        return builder.pooled(name, x, range(1, len(x.dims) - 1), keep=keep)

    return reading


def _reduced(name: str) -> Reading:
    def reading(builder: Builder, use: Use, x: Value) -> Value:
        axis = use.config.get("axis")
        axes = range(len(x.dims)) if axis is None else np.atleast_1d(axis).tolist()
        return builder.pooled(name, x, axes, keep=bool(use.config.get("keepdims")))

    return reading


LAYERS["MaxPooling2D"] = _pool("max_pool")
LAYERS["AveragePooling2D"] = _pool("avg_pool")
for _rank in (1, 2):
    LAYERS[f"GlobalAveragePooling{_rank}D"] = _global("global_avg_pool")
    LAYERS[f"GlobalMaxPooling{_rank}D"] = _global("global_max_pool")
LAYERS["Mean"] = _reduced("global_avg_pool")
LAYERS["Max"] = _reduced("global_max_pool")


@reads("ZeroPadding2D")
def _zero_padding(builder: Builder, use: Use, x: Value) -> Value:
    check_format(use)
    (top, bottom), (left, right) = use.config["padding"]
    amounts = int(top), int(bottom), int(left), int(right)
    return spatial(builder, "pad", x, {}, amounts=amounts) if any(amounts) else x


@reads("UpSampling2D")
def _upsampling(builder: Builder, use: Use, x: Value) -> Value:
    check_format(use)
    mode = use.config["interpolation"]
    if mode not in ("nearest", "bilinear"):
        raise Unreadable(f"upsampling by '{mode}'")
    factor = pair(use.config["size"])
    return spatial(builder, "upsample", x, {}, factor=factor, mode=mode)


@reads("Resizing")
def _resizing(builder: Builder, use: Use, x: Value) -> Value:
    check_format(use)
    config, mode = use.config, use.config["interpolation"]
    odd = "crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"
    if mode not in ("nearest", "bilinear") or any(config.get(name) for name in odd):
        raise Unreadable(f"resizing by '{mode}', or that crops or pads")
    size = int(config["height"]), int(config["width"])
    return spatial(builder, "resize", x, {}, size=size, mode=mode)


@reads("AdaptiveAveragePooling2D")
def _adaptive_pool(builder: Builder, use: Use, x: Value) -> Value:
    check_format(use)
    size = pair(use.config["output_size"])
    return spatial(builder, "adaptive_avg_pool", x, {}, size=size)
