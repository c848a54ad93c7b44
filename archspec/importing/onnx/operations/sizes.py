"""Pools, padding and resizing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from archspec.importing.building import Builder, Stacked
from archspec.importing.layouts import Unreadable, Value
from archspec.importing.onnx.operations.registry import (
    OPERATIONS,
    Window,
    array_of,
    number,
    numbers,
    pair,
    reads,
)


@reads("MaxPool")
def _max_pool(
    builder: Builder,
    x: Value,
    *,
    ceil_mode: int = 0,
    storage_order: int = 0,
    **given: Any,
) -> Value:
    window = _undilated(Window(**given))
    return builder.spatial("max_pool", x, {}, ceil=bool(ceil_mode), **window.shared(x))


@reads("AveragePool")
def _avg_pool(
    builder: Builder,
    x: Value,
    *,
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    **given: Any,
) -> Value:
    window = _undilated(Window(**given))
    counts = bool(count_include_pad) and any(window.amounts(x))
    settings = {"ceil": bool(ceil_mode), "count_padding": counts, **window.shared(x)}
    return builder.spatial("avg_pool", x, {}, **settings)


def _undilated(window: Window) -> Window:
    if pair(window.dilations) != (1, 1):
        raise Unreadable("a dilated pool")
    return window


def _all(name: str) -> Callable[..., Value]:
    def reading(builder: Builder, x: Value) -> Value:
        return builder.pooled(name, x, range(2, len(x.dims)), keep=True)

    return reading


def _largest(builder: Builder, x: Value, axes: Sequence[int], *, keep: bool) -> Value:
    return builder.pooled("global_max_pool", x, axes, keep=keep)


def _over(reduce: Callable[..., Value]) -> Callable[..., Value]:
    def reading(
        builder: Builder,
        x: Value | Stacked,
        axes: Any = None,
        *,
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Value:
        if axes is None and noop_with_empty_axes and isinstance(x, Value):
            return x
        over = range(len(x.shape)) if axes is None else numbers(axes)
        return reduce(builder, x, over, keep=bool(keepdims))

    return reading


OPERATIONS["GlobalAveragePool"] = _all("global_avg_pool")
OPERATIONS["GlobalMaxPool"] = _all("global_max_pool")
OPERATIONS["ReduceMean"] = _over(Builder.averaged)
OPERATIONS["ReduceSum"] = _over(Builder.summed)
OPERATIONS["ReduceMax"] = _over(_largest)


@reads("Pad")
def _pad(
    builder: Builder,
    x: Value,
    pads: Any = (),
    value: Any = None,
    axes: Any = None,
    *,
    mode: str = "constant",
) -> Value:
    given, rank = numbers(pads), len(x.dims)
    which = range(rank) if axes is None else [axis % rank for axis in numbers(axes)]
    both = zip(given[: len(which)], given[len(which) :], strict=True)
    around = {axis: each for axis, each in zip(which, both, strict=True) if any(each)}
    if not around:
        return x
    if mode != "constant" or around.keys() - {2, 3} or rank != 4:
        raise Unreadable("padding of channels, or by something else than a number")
    amounts = *around.get(2, (0, 0)), *around.get(3, (0, 0))
    return builder.spatial("pad", x, {}, amounts=amounts, value=number(value))


# -- resizing ------------------------------------------------------------------


@reads("Resize")
def _resize(
    builder: Builder,
    x: Value,
    roi: Any = None,
    scales: Any = None,
    sizes: Any = None,
    *,
    axes: Any = None,
    **how: Any,
) -> Value:
    rank = len(x.dims)
    which = range(rank) if axes is None else [axis % rank for axis in axes]
    after = list(x.shape)
    if sizes is not None:
        given: Sequence[int] = numbers(sizes)
    else:
        # before operator set 11 there was no region of interest
        factors = array_of(roi if scales is None else scales).tolist()
        pairs = zip(which, factors, strict=True)
        given = [int(x.shape[axis] * factor) for axis, factor in pairs]
    for axis, length in zip(which, given, strict=True):
        after[axis] = length
    if rank != 4 or after[:2] != list(x.shape[:2]):
        raise Unreadable("resizing of channels")
    return _resized(builder, x, pair(after[2:]), how)


@reads("Upsample")
def _upsample(
    builder: Builder, x: Value, scales: Any, *, mode: str = "nearest"
) -> Value:
    how = {"mode": mode, "nearest_mode": "floor"}
    how["coordinate_transformation_mode"] = "asymmetric"
    return _resize(builder, x, None, scales, **how)


def _resized(
    builder: Builder, x: Value, after: tuple[int, int], how: dict[str, Any]
) -> Value:
    """To a size; at whole factors every rounding takes the same neighbour."""
    before = x.shape[2:]
    is_whole = not any(new % old for new, old in zip(after, before, strict=True))
    mode = _mode(is_whole=is_whole, **how)
    if is_whole:
        factor = tuple(new // old for new, old in zip(after, before, strict=True))
        return builder.spatial("upsample", x, {}, factor=factor, mode=mode)
    return builder.spatial("resize", x, {}, size=after, mode=mode)


def _mode(
    *,
    is_whole: bool,
    mode: str = "nearest",
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    antialias: int = 0,
    keep_aspect_ratio_policy: str = "stretch",
    **_: Any,
) -> str:
    """What the language calls a way of resizing; raises Unreadable."""
    is_half = coordinate_transformation_mode in ("half_pixel", "pytorch_half_pixel")
    is_floor = (coordinate_transformation_mode, nearest_mode) == ("asymmetric", "floor")
    is_round = is_half and nearest_mode.startswith("round")
    if antialias or keep_aspect_ratio_policy != "stretch":
        raise Unreadable("resizing with antialiasing or a fixed aspect ratio")
    if mode == "linear" and is_half:
        return "bilinear"
    if mode == "nearest" and is_whole and (is_floor or is_round):
        return "nearest"
    if mode == "nearest" and is_floor:
        return "nearest_floor"
    if mode == "nearest" and is_half and nearest_mode == "round_prefer_ceil":
        return "nearest"
    how = f"{coordinate_transformation_mode}, {nearest_mode}"
    raise Unreadable(f"resizing by {mode} ({how})")


@reads("DepthToSpace")
def _depth_to_space(
    builder: Builder, x: Value, *, blocksize: int, mode: str = "DCR"
) -> Value:
    order = "channels_first" if mode == "CRD" else "channels_last"
    return builder.spatial("depth_to_space", x, {}, factor=blocksize, order=order)


@reads("SpaceToDepth")
def _space_to_depth(builder: Builder, x: Value, *, blocksize: int) -> Value:
    order = "channels_last"
    return builder.spatial("space_to_depth", x, {}, factor=blocksize, order=order)
