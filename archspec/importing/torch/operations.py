"""What each of PyTorch's operations is in the language.

A function has the name of the operation and the arguments of its schema, the first of
which is a tensor or a list of tensors. Operations in place have the same names without
their underscore.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from archspec.importing.building import Builder, Constant
from archspec.importing.layouts import (
    Unreadable,
    Value,
    dim_of,
    expanded,
    permuted,
    reshaped,
)

OPERATIONS: dict[str, Callable[..., Any]] = {}
"""Readings by the operation's name, without namespace and overload."""


def reads(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a reading of these operations; without names, of the function's own."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names or (function.__name__,):
            OPERATIONS[name] = function
        return function

    return register


def pair(value: Sequence[int] | int) -> tuple[int, int]:
    """Height and width of one or two numbers."""
    numbers = [value] if isinstance(value, int) else list(value)
    return numbers[0], numbers[-1]


def rounded(number: float) -> float:
    """A setting as a person would write it: it was written as decimal digits."""
    return float(f"{number:.6g}")


def around(padding: Sequence[int] | int) -> tuple[int, int, int, int]:
    """The same padding on both sides."""
    vertical, horizontal = pair(padding)
    return vertical, vertical, horizontal, horizontal


# -- convolutions and dense layers ---------------------------------------------


@reads("conv2d", "convolution")
def conv2d(
    builder: Builder,
    x: Value,
    weight: Constant,
    bias: Constant | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] | str = (0,),
    dilation: Sequence[int] = (1,),
    groups: int = 1,
    transposed: bool = False,
    output_padding: Sequence[int] = (0,),
) -> Value:
    if transposed:
        return transposed_conv(builder, x, weight, bias, stride, padding, output_padding, groups, dilation)
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


@reads("conv_transpose2d")
def transposed_conv(
    builder: Builder,
    x: Value,
    weight: Constant,
    bias: Constant | None = None,
    stride: Sequence[int] = (1,),
    padding: Any = (0,),
    output_padding: Sequence[int] = (0,),
    groups: int = 1,
    dilation: Sequence[int] = (1,),
) -> Value:
    if any(output_padding) or groups > 1 or pair(dilation) != (1, 1):
        raise Unreadable("a transposed convolution with output padding, groups or dilation")
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


@reads()
def linear(
    builder: Builder, x: Value, weight: Constant, bias: Constant | None = None
) -> Value:
    return builder.dense(x, weight, bias)


@reads()
def addmm(builder: Builder, bias: Any, mat1: Value, mat2: Constant) -> Value:
    return builder.dense(mat1, Constant(mat2.name, mat2.array.T), bias)


# -- normalisation -------------------------------------------------------------


@reads("batch_norm", "_native_batch_norm_legit_no_training")
def batch_norm(
    builder: Builder,
    x: Value,
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
    if not (weight and bias):
        raise Unreadable("a batch norm without scale and shift")
    weights = {"scale": weight, "shift": bias, "mean": running_mean, "variance": running_var}
    decay, epsilon = rounded(1 - momentum), rounded(eps)
    return builder.channelwise("batch_norm", x, 1, weights, epsilon=epsilon, decay=decay)


@reads()
def layer_norm(
    builder: Builder,
    x: Value,
    normalized_shape: Sequence[int],
    weight: Constant | None = None,
    bias: Constant | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Value:
    if len(normalized_shape) != 1 or not (weight and bias):
        raise Unreadable("a layer norm over more than the last axis, or without scale and shift")
    weights = {"scale": weight, "shift": bias}
    return builder.channelwise("layer_norm", x, -1, weights, epsilon=rounded(eps))


@reads()
def group_norm(
    builder: Builder,
    x: Value,
    num_groups: int,
    weight: Constant | None = None,
    bias: Constant | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Value:
    if not (weight and bias):
        raise Unreadable("a group norm without scale and shift")
    weights = {"scale": weight, "shift": bias}
    return builder.channelwise(
        "group_norm", x, 1, weights, groups=num_groups, epsilon=rounded(eps)
    )


@reads()
def rms_norm(
    builder: Builder,
    x: Value,
    normalized_shape: Sequence[int],
    weight: Constant | None = None,
    eps: float | None = None,
) -> Value:
    if len(normalized_shape) != 1 or not weight or eps is None:
        raise Unreadable("an RMS norm over more than the last axis, without scale or epsilon")
    return builder.channelwise("rms_norm", x, -1, {"scale": weight}, epsilon=rounded(eps))


# -- activations ---------------------------------------------------------------

_KINDS = {
    "relu": "relu",
    "relu6": "relu6",
    "hardswish": "hard_swish",
    "hardsigmoid": "hard_sigmoid",
    "silu": "swish",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "mish": "mish",
}


def _activation(kind: str) -> Callable[..., Value]:
    def reading(builder: Builder, x: Value) -> Value:
        return builder.pointwise("activation", x, kind=kind)

    return reading


for _name, _kind in _KINDS.items():
    OPERATIONS[_name] = _activation(_kind)


@reads()
def hardtanh(builder: Builder, x: Value, min_val: float = -1, max_val: float = 1) -> Value:
    if (min_val, max_val) != (0, 6):
        raise Unreadable(f"hardtanh from {min_val:g} to {max_val:g}; the language has relu6")
    return builder.pointwise("activation", x, kind="relu6")


@reads("clamp", "clamp_min")
def clamp(builder: Builder, x: Value, min: float | None = None, max: float | None = None) -> Value:
    if min != 0 or max not in (None, 6):
        raise Unreadable("clamp to other bounds than those of relu and relu6")
    return builder.pointwise("activation", x, kind="relu6" if max else "relu")


@reads()
def gelu(builder: Builder, x: Value, approximate: str = "none") -> Value:
    kind = "gelu" if approximate == "none" else "gelu_tanh"
    return builder.pointwise("activation", x, kind=kind)


@reads()
def leaky_relu(builder: Builder, x: Value, negative_slope: float = 0.01) -> Value:
    slope = rounded(negative_slope)
    return builder.pointwise("activation", x, kind="leaky_relu", slope=slope)


@reads("softmax", "_softmax")
def softmax(builder: Builder, x: Value, dim: int, dtype: Any = None, half_to_float: bool = False) -> Value:
    return builder.channelwise("activation", x, dim, {}, kind="softmax")


@reads()
def dropout(builder: Builder, x: Value, p: float, train: bool = False) -> Value:
    return builder.pointwise("dropout", x, rate=rounded(p)) if p else x


# -- joins ---------------------------------------------------------------------


@reads()
def add(builder: Builder, x: Any, other: Any, alpha: float = 1) -> Value:
    if 0 in [each for each in (x, other) if isinstance(each, int | float)]:
        return x if isinstance(x, Value) else other
    if alpha != 1:
        raise Unreadable("a sum with a factor")
    if isinstance(x, Value) and isinstance(other, Value):
        return builder.join("add", [x, other])
    value, constant = (x, other) if isinstance(x, Value) else (other, x)
    return builder.shifted(value, constant)


@reads()
def sub(builder: Builder, x: Any, other: Any, alpha: float = 1) -> Value:
    if alpha != 1 or not (isinstance(x, Value) and isinstance(other, Value)):
        raise Unreadable("a difference of a tensor and a number")
    return builder.join("subtract", [x, other])


@reads()
def mul(builder: Builder, x: Any, other: Any) -> Value:
    if 1 in [each for each in (x, other) if isinstance(each, int | float)]:
        return x if isinstance(x, Value) else other
    if isinstance(x, Value) and isinstance(other, Value):
        return builder.join("multiply", [x, other])
    value, constant = (x, other) if isinstance(x, Value) else (other, x)
    return builder.scaled(value, constant)


@reads()
def cat(builder: Builder, tensors: Sequence[Any], dim: int = 0) -> Value:
    kept = [each for each in tensors if 0 not in each.shape]
    if len(kept) == 1:
        return kept[0]
    return builder.concat(kept, dim)


# -- pooling and sizes ---------------------------------------------------------


@reads()
def max_pool2d(
    builder: Builder,
    x: Value,
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


@reads()
def avg_pool2d(
    builder: Builder,
    x: Value,
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


@reads()
def adaptive_avg_pool2d(builder: Builder, x: Value, output_size: Sequence[int]) -> Value:
    wanted = pair(output_size)
    if wanted == x.shape[2:]:
        return x
    if wanted == (1, 1):
        return builder.pooled("global_avg_pool", x, (2, 3), keep=True)
    return builder.spatial("adaptive_avg_pool", x, {}, size=wanted)


@reads()
def adaptive_max_pool2d(builder: Builder, x: Value, output_size: Sequence[int]) -> Value:
    if pair(output_size) != (1, 1):
        raise Unreadable("an adaptive maximum pool")
    return builder.pooled("global_max_pool", x, (2, 3), keep=True)


@reads()
def mean(
    builder: Builder, x: Value, dim: Sequence[int], keepdim: bool = False, dtype: Any = None
) -> Value:
    return builder.pooled("global_avg_pool", x, dim, keep=keepdim)


@reads()
def amax(builder: Builder, x: Value, dim: Sequence[int], keepdim: bool = False) -> Value:
    return builder.pooled("global_max_pool", x, dim, keep=keepdim)


@reads("pad", "constant_pad_nd")
def pad(
    builder: Builder, x: Value, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Value:
    left, right, top, bottom, *others = (*pad, 0, 0, 0, 0)
    if mode != "constant" or any(others):
        raise Unreadable("padding of channels, or by something else than a number")
    if not any(pad):
        return x
    amounts = top, bottom, left, right
    return builder.spatial("pad", x, {}, amounts=amounts, value=float(value or 0))


@reads("upsample_nearest2d")
def nearest(
    builder: Builder, x: Value, output_size: Sequence[int] | None = None, *_: Any, **__: Any
) -> Value:
    return _resized(builder, x, output_size, __.get("scale_factors"), "nearest_floor")


@reads("upsample_bilinear2d")
def bilinear(
    builder: Builder,
    x: Value,
    output_size: Sequence[int] | None = None,
    align_corners: bool = False,
    **scales: Any,
) -> Value:
    if align_corners:
        raise Unreadable("resizing with aligned corners")
    return _resized(builder, x, output_size, scales.get("scale_factors"), "bilinear")


def _resized(
    builder: Builder, x: Value, output_size: Any, factors: Any, mode: str
) -> Value:
    before = x.shape[2:]
    if not output_size:
        output_size = [int(n * f) for n, f in zip(before, factors, strict=True)]
    after = pair(output_size)
    whole = [new // old for new, old in zip(after, before, strict=True)]
    if [n * f for n, f in zip(before, whole, strict=True)] == list(after):
        # half-pixel nearest is the same at whole factors
        mode = "nearest" if mode == "nearest_floor" else mode
        return builder.spatial("upsample", x, {}, factor=tuple(whole), mode=mode)
    return builder.spatial("resize", x, {}, size=after, mode=mode)


@reads()
def pixel_shuffle(builder: Builder, x: Value, upscale_factor: int) -> Value:
    return builder.spatial("depth_to_space", x, {}, factor=upscale_factor)


@reads()
def pixel_unshuffle(builder: Builder, x: Value, downscale_factor: int) -> Value:
    return builder.spatial("space_to_depth", x, {}, factor=downscale_factor)


@reads("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(builder: Builder, x: Value, groups: int) -> Value:
    return builder.spatial("channel_shuffle", x, {}, groups=groups)


# -- views ---------------------------------------------------------------------


@reads("alias", "clone", "contiguous", "detach", "lift_fresh_copy", "to", "_to_copy", "type_as")
def same(builder: Builder, x: Value, *_: Any, **__: Any) -> Value:
    return x


@reads("view", "reshape", "_unsafe_view")
def view(builder: Builder, x: Value, size: Sequence[int] = (), shape: Sequence[int] = ()) -> Value:
    return reshaped(x, size or shape)


@reads()
def flatten(builder: Builder, x: Value, start_dim: int = 0, end_dim: int = -1) -> Value:
    start, end = (dim % len(x.dims) for dim in (start_dim, end_dim))
    return reshaped(x, (*x.shape[:start], -1, *x.shape[end + 1 :]))


@reads()
def unflatten(builder: Builder, x: Value, dim: int, sizes: Sequence[int]) -> Value:
    dim %= len(x.dims)
    return reshaped(x, (*x.shape[:dim], *sizes, *x.shape[dim + 1 :]))


@reads()
def permute(builder: Builder, x: Value, dims: Sequence[int]) -> Value:
    return permuted(x, [dim % len(x.dims) for dim in dims])


@reads()
def transpose(builder: Builder, x: Value, dim0: int, dim1: int) -> Value:
    order = list(range(len(x.dims)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return permuted(x, order)


@reads()
def unsqueeze(builder: Builder, x: Value, dim: int) -> Value:
    dim %= len(x.dims) + 1
    return x._replace(dims=(*x.dims[:dim], (), *x.dims[dim:]))


@reads()
def squeeze(builder: Builder, x: Value, dim: Any = None) -> Value:
    given = range(len(x.dims)) if dim is None else [dim] if isinstance(dim, int) else dim
    gone = {each % len(x.dims) for each in given}
    kept = [d for n, d in enumerate(x.dims) if n not in gone or d]
    return x._replace(dims=tuple(kept))


@reads()
def expand(builder: Builder, x: Value, size: Sequence[int], implicit: bool = False) -> Value:
    return expanded(x, size)


@reads()
def expand_as(builder: Builder, x: Value, other: Value) -> Value:
    return expanded(x, other.shape)


@reads("slice")
def slice_(
    builder: Builder,
    x: Value,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Value:
    length = x.shape[dim]
    bounds = range(length)[slice(start, end)]
    if step != 1:
        raise Unreadable("a slice with a step")
    return builder.sliced(x, dim, bounds.start, bounds.stop)


@reads()
def select(builder: Builder, x: Value, dim: int, index: int) -> Value:
    return builder.taken(x, dim, range(x.shape[dim])[index])


@reads()
def unbind(builder: Builder, x: Value, dim: int = 0) -> list[Value]:
    return [builder.taken(x, dim, index) for index in range(x.shape[dim])]


@reads("split", "split_with_sizes")
def split(
    builder: Builder, x: Value, split_size: Any = 0, dim: int = 0, split_sizes: Sequence[int] = ()
) -> list[Value]:
    length = x.shape[dim]
    sizes = list(split_sizes)
    if not sizes:
        sizes = [min(split_size, length - at) for at in range(0, length, split_size)]
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    return [
        builder.sliced(x, dim, end - size, end) for size, end in zip(sizes, ends, strict=True)
    ]


@reads()
def chunk(builder: Builder, x: Value, chunks: int, dim: int = 0) -> list[Value]:
    return split(builder, x, -(-x.shape[dim] // chunks), dim)


# -- attention -----------------------------------------------------------------


@reads()
def scaled_dot_product_attention(
    builder: Builder,
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    if attn_mask is not None or is_causal:
        raise Unreadable("attention with a mask")
    return builder.attention(query, key, value, scale=scale)


_ = dim_of
