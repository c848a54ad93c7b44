"""Pooling, padding and other shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
from archspec.importing.layouts import Unreadable, Value, permuted, reshaped
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
        return builder.pooled(name, x, (1, 2), keep=keep)

    return reading


def _reduced(name: str) -> Reading:
    def reading(builder: Builder, use: Use, x: Value) -> Value:
        axis = use.config.get("axis")
        axes = range(len(x.dims)) if axis is None else np.atleast_1d(axis).tolist()
        return builder.pooled(name, x, axes, keep=bool(use.config.get("keepdims")))

    return reading


LAYERS["MaxPooling2D"] = _pool("max_pool")
LAYERS["AveragePooling2D"] = _pool("avg_pool")
LAYERS["GlobalAveragePooling2D"] = _global("global_avg_pool")
LAYERS["GlobalMaxPooling2D"] = _global("global_max_pool")
LAYERS["GlobalAveragePooling1D"] = _reduced("global_avg_pool")
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


@reads("Flatten")
def _flatten(builder: Builder, use: Use, x: Value) -> Value:
    check_format(use)
    return reshaped(x, (x.shape[0], -1))


@reads("Reshape")
def _reshape(builder: Builder, use: Use, x: Value) -> Value:
    config = use.config
    if "target_shape" in config:
        return reshaped(x, (x.shape[0], *_whole(config["target_shape"])))
    first, *shape = _whole(config["newshape"])
    if first not in (-1, x.shape[0]) or (first == -1 and -1 in shape):
        raise Unreadable("a reshape of the batch")
    return reshaped(x, (x.shape[0], *shape))


def _whole(given: Sequence[Any]) -> list[int]:
    numbers = [-1 if number is None else int(number) for number in given]
    if numbers.count(-1) > 1 or 0 in numbers or min(numbers) < -1:
        raise Unreadable(f"a reshape to {numbers}")
    return numbers


@reads("Permute")
def _permute(builder: Builder, use: Use, x: Value) -> Value:
    return permuted(x, (0, *map(int, use.config["dims"])))


@reads("Transpose")
def _transpose(builder: Builder, use: Use, x: Value) -> Value:
    return permuted(x, [int(axis) for axis in use.config["axes"]])
