"""Pooling, padding and other sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archspec.importing.building import Builder, Stacked
from archspec.importing.layouts import Lacking, Unreadable, Value
from archspec.importing.torch.operations.registry import (
    around,
    pair,
    reads,
)


@reads("max_pool2d")
def _max_pool2d(
    builder: Builder,
    x: Value,
    *,
    kernel_size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil_mode: bool = False,
) -> Value:
    if pair(dilation) != (1, 1):
        raise Unreadable("a dilated pool")
    return builder.spatial(
        "max_pool",
        x,
        {},
        kernel=pair(kernel_size),
        stride=pair(stride or kernel_size),
        padding=around(padding),
        ceil=ceil_mode,
    )


@reads("avg_pool2d")
def _avg_pool2d(
    builder: Builder,
    x: Value,
    *,
    kernel_size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Value:
    if divisor_override is not None:
        raise Unreadable("a pool with a divisor of its own")
    return builder.spatial(
        "avg_pool",
        x,
        {},
        kernel=pair(kernel_size),
        stride=pair(stride or kernel_size),
        padding=around(padding),
        ceil=ceil_mode,
        count_padding=count_include_pad and any(around(padding)),
    )


@reads("adaptive_avg_pool2d")
def _adaptive_avg_pool2d(
    builder: Builder, x: Value, output_size: Sequence[int]
) -> Value:
    wanted = pair(output_size)
    if wanted == x.shape[2:]:
        return x
    if wanted == (1, 1):
        return builder.pooled("global_avg_pool", x, (2, 3), keep=True)
    return builder.spatial("adaptive_avg_pool", x, {}, size=wanted)


@reads("adaptive_max_pool2d")
def _adaptive_max_pool2d(
    builder: Builder, x: Value, output_size: Sequence[int]
) -> Value:
    if pair(output_size) != (1, 1):
        raise Unreadable("an adaptive maximum pool")
    return builder.pooled("global_max_pool", x, (2, 3), keep=True)


@reads("mean")
def _mean(
    builder: Builder,
    x: Value | Stacked,
    dim: Sequence[int],
    keepdim: bool = False,
    dtype: Any = None,
) -> Value:
    return builder.averaged(x, dim, keep=keepdim)


@reads("sum")
def _sum(
    builder: Builder,
    x: Value | Stacked,
    dim: Sequence[int] = (),
    keepdim: bool = False,
    dtype: Any = None,
) -> Value:
    return builder.summed(x, dim, keep=keepdim)


@reads("amax")
def _amax(
    builder: Builder, x: Value, dim: Sequence[int], keepdim: bool = False
) -> Value:
    return builder.pooled("global_max_pool", x, dim, keep=keepdim)


@reads("pad", "constant_pad_nd")
def _pad(
    builder: Builder,
    x: Value,
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> Value:
    left, right, top, bottom, *others = (*pad, 0, 0, 0, 0)
    if mode != "constant" or any(others):
        raise Lacking("padding of channels, or by something else than a number")
    if not any(pad):
        return x
    amounts = top, bottom, left, right
    return builder.spatial("pad", x, {}, amounts=amounts, value=float(value or 0))


@reads("upsample_nearest2d")
def _nearest(
    builder: Builder,
    x: Value,
    output_size: Sequence[int] | None = None,
    **scales: Any,
) -> Value:
    return _resized(builder, x, output_size, scales, "nearest_floor")


@reads("upsample_bilinear2d")
def _bilinear(
    builder: Builder,
    x: Value,
    output_size: Sequence[int] | None = None,
    align_corners: bool = False,
    **scales: Any,
) -> Value:
    if align_corners:
        raise Unreadable("resizing with aligned corners")
    return _resized(builder, x, output_size, scales, "bilinear")


def _resized(
    builder: Builder, x: Value, output_size: Any, scales: Any, mode: str
) -> Value:
    before = x.shape[2:]
    both = [scales.get("scales_h"), scales.get("scales_w")]
    factors = scales.get("scale_factors") or [f for f in both if f]
    if factors:
        exact = [n * f for n, f in zip(before, factors, strict=True)]
        output_size = output_size or [int(n) for n in exact]
        if exact != list(output_size):
            raise Unreadable(f"resizing of {before} by {factors}, which cuts off rows")
    after = pair(output_size)
    whole = [new // old for new, old in zip(after, before, strict=True)]
    if [n * f for n, f in zip(before, whole, strict=True)] == list(after):
        # half-pixel nearest is the same at whole factors
        mode = "nearest" if mode == "nearest_floor" else mode
        return builder.spatial("upsample", x, {}, factor=tuple(whole), mode=mode)
    return builder.spatial("resize", x, {}, size=after, mode=mode)
