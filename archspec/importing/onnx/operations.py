"""What each of ONNX's operations is in the language.

A function has the inputs of its operation, then the attributes by their names. What was
an attribute in one version of an operation and is an input in another is one argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from archspec.importing.building import Amounts, Builder, Constant, Pair
from archspec.importing.layouts import (
    Unreadable,
    Value,
    expanded,
    permuted,
    reshaped,
)
from archspec.importing.onnx.arrays import resolved, whole

OPERATIONS: dict[str, Callable[..., Any]] = {}
"""Readings by the operation's name."""


def reads(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a reading of these operations."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        OPERATIONS.update(dict.fromkeys(names, function))
        return function

    return register


def numbers(given: Any) -> tuple[int, ...]:
    """Whole numbers of an attribute or constant; none of a tensor, raises Unreadable."""
    if isinstance(given, Value):
        raise Unreadable("sizes that depend on the input")
    return whole(given.array if isinstance(given, Constant) else given)


def number(given: Any, default: float = 0.0) -> float:
    """One number of an attribute or constant; raises Unreadable."""
    if given is None:
        return default
    if not isinstance(given, Constant | int | float) or np.size(_array(given)) != 1:
        raise Unreadable("a setting that is not one number")
    return float(np.reshape(_array(given), ()))


def _array(given: Any) -> Any:
    return given.array if isinstance(given, Constant) else given


def rounded(given: float) -> float:
    """A setting as a person would write it: it was written as decimal digits."""
    return float(f"{given:.6g}")


def constant(given: Any, what: str) -> Constant:
    """A weight; raises Unreadable for what depends on the input."""
    if not isinstance(given, Constant):
        raise Unreadable(f"{what} that depend on the input")
    return given


# -- windows -------------------------------------------------------------------


def amounts(
    x: Value,
    kernel: Pair,
    stride: Pair,
    dilation: Pair,
    pads: Sequence[int],
    auto_pad: str,
) -> Amounts:
    """Padding above, below, left and right."""
    if auto_pad in ("NOTSET", "VALID"):
        top, left, bottom, right = pads if auto_pad == "NOTSET" else (0, 0, 0, 0)
        return top, bottom, left, right
    found: list[int] = []
    for size, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True):
        missing = max(0, (-(-size // s) - 1) * s + d * (k - 1) + 1 - size)
        less, more = missing // 2, missing - missing // 2
        found += [less, more] if auto_pad == "SAME_UPPER" else [more, less]
    top, bottom, left, right = found
    return top, bottom, left, right


def pair(given: Sequence[int] | None) -> Pair:
    """Numbers for height and width; raises Unreadable for other ranks."""
    given = (1, 1) if given is None else given
    if len(given) != 2:
        raise Unreadable(f"windows over {len(given)} axes")
    return given[0], given[1]


@reads("Conv")
def conv(
    builder: Builder,
    x: Value,
    weight: Any,
    bias: Any = None,
    *,
    kernel_shape: Any = None,
    strides: Any = None,
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Any = None,
    group: int = 1,
    auto_pad: str = "NOTSET",
) -> Value:
    weight = constant(weight, "weights")
    kernel = pair(weight.shape[2:])
    stride, dilation = pair(strides), pair(dilations)
    return builder.conv(
        x,
        weight,
        bias_of(bias),
        stride=stride,
        padding=amounts(x, kernel, stride, dilation, pads, auto_pad),
        dilation=dilation,
        groups=group,
    )


def bias_of(bias: Any) -> Constant | None:
    """A bias; none where an exporter wrote one zero, repeated."""
    if bias is None:
        return None
    array = constant(bias, "biases").array
    made_up = not any(array.strides) or bias.name.startswith("val_")
    return None if made_up and not array.any() else bias


@reads("ConvTranspose")
def transposed_conv(
    builder: Builder,
    x: Value,
    weight: Any,
    bias: Any = None,
    *,
    kernel_shape: Any = None,
    strides: Any = None,
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Any = None,
    group: int = 1,
    output_padding: Sequence[int] = (),
    output_shape: Sequence[int] = (),
    auto_pad: str = "NOTSET",
) -> Value:
    weight, bias = constant(weight, "weights"), bias_of(bias)
    if any(output_padding) or group > 1 or pair(dilations) != (1, 1):
        raise Unreadable(
            "a transposed convolution with output padding, groups or dilation"
        )
    if output_shape or auto_pad != "NOTSET":
        raise Unreadable("a transposed convolution without explicit padding")
    top, left, bottom, right = pads
    weights = {"weight": weight} | ({"bias": bias} if bias else {})
    return builder.spatial(
        "transposed_conv",
        x,
        weights,
        filters=weight.shape[1],
        kernel=pair(weight.shape[2:]),
        stride=pair(strides),
        padding=(top, bottom, left, right),
        bias=bias is not None,
    )


@reads("MaxPool")
def max_pool(
    builder: Builder,
    x: Value,
    *,
    kernel_shape: Sequence[int],
    strides: Any = None,
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Any = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    storage_order: int = 0,
) -> Value:
    return _pool(
        builder,
        "max_pool",
        x,
        kernel_shape,
        strides,
        pads,
        dilations,
        auto_pad,
        ceil_mode,
    )


@reads("AveragePool")
def avg_pool(
    builder: Builder,
    x: Value,
    *,
    kernel_shape: Sequence[int],
    strides: Any = None,
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Any = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
) -> Value:
    counts = {"count_padding": True} if count_include_pad and any(pads) else {}
    return _pool(
        builder,
        "avg_pool",
        x,
        kernel_shape,
        strides,
        pads,
        dilations,
        auto_pad,
        ceil_mode,
        **counts,
    )


def _pool(
    builder: Builder,
    name: str,
    x: Value,
    kernel_shape: Sequence[int],
    strides: Any,
    pads: Sequence[int],
    dilations: Any,
    auto_pad: str,
    ceil_mode: int,
    **more: Any,
) -> Value:
    kernel, stride, dilation = pair(kernel_shape), pair(strides), pair(dilations)
    if dilation != (1, 1):
        raise Unreadable("a dilated pool")
    padding = amounts(x, kernel, stride, dilation, pads, auto_pad)
    return builder.spatial(
        name,
        x,
        {},
        kernel=kernel,
        stride=stride,
        padding=padding,
        ceil=bool(ceil_mode),
        **more,
    )


@reads("GlobalAveragePool")
def global_avg_pool(builder: Builder, x: Value) -> Value:
    return builder.pooled("global_avg_pool", x, range(2, len(x.dims)), keep=True)


@reads("GlobalMaxPool")
def global_max_pool(builder: Builder, x: Value) -> Value:
    return builder.pooled("global_max_pool", x, range(2, len(x.dims)), keep=True)


def _reducing(name: str) -> Callable[..., Value]:
    def reading(
        builder: Builder,
        x: Value,
        axes: Any = None,
        *,
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Value:
        if axes is None and noop_with_empty_axes:
            return x
        over = range(len(x.dims)) if axes is None else numbers(axes)
        return builder.pooled(name, x, over, keep=bool(keepdims))

    return reading


OPERATIONS["ReduceMean"] = _reducing("global_avg_pool")
OPERATIONS["ReduceMax"] = _reducing("global_max_pool")


@reads("Pad")
def pad(
    builder: Builder,
    x: Value,
    pads: Any = (),
    value: Any = None,
    axes: Any = None,
    *,
    mode: str = "constant",
) -> Value:
    given = numbers(pads)
    which = (
        range(len(x.dims)) if axes is None else [a % len(x.dims) for a in numbers(axes)]
    )
    around = {axis: (given[n], given[n + len(which)]) for n, axis in enumerate(which)}
    around = {axis: both for axis, both in around.items() if any(both)}
    if not around:
        return x
    if mode != "constant" or around.keys() - {2, 3} or len(x.dims) != 4:
        raise Unreadable("padding of channels, or by something else than a number")
    rows, columns = around.get(2, (0, 0)), around.get(3, (0, 0))
    return builder.spatial("pad", x, {}, amounts=(*rows, *columns), value=number(value))


# -- dense layers --------------------------------------------------------------


@reads("Gemm")
def gemm(
    builder: Builder,
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
) -> Value:
    weight = constant(weight, "weights")
    if transA or alpha != 1 or (bias and beta != 1):
        raise Unreadable(
            "a product of matrices with factors, or of a transposed tensor"
        )
    matrix = weight.array if transB else weight.array.T
    return builder.dense(x, Constant(weight.name, matrix), _vector(bias, len(matrix)))


def _vector(bias: Any, units: int) -> Constant | None:
    found = bias_of(bias)
    if found is None:
        return None
    return Constant(found.name, np.broadcast_to(found.array.reshape(-1), (units,)))


@reads("MatMul")
def matmul(builder: Builder, x: Any, other: Any) -> Value:
    if isinstance(other, Constant) and other.array.ndim == 2:
        return builder.dense(x, Constant(other.name, other.array.T), None)
    raise Unreadable("a product of tensors")


# -- normalisation -------------------------------------------------------------


@reads("BatchNormalization")
def batch_norm(
    builder: Builder,
    x: Value,
    scale: Any,
    shift: Any,
    mean: Any,
    variance: Any,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
    spatial: int = 1,
    is_test: int = 1,
) -> Value:
    given = {"scale": scale, "shift": shift, "mean": mean, "variance": variance}
    if training_mode:
        raise Unreadable("a batch norm that uses the statistics of the batch")
    weights = {name: constant(weight, "statistics") for name, weight in given.items()}
    settings = {"epsilon": rounded(epsilon), "decay": rounded(momentum)}
    return builder.channelwise("batch_norm", x, 1, weights, **settings)


@reads("LayerNormalization")
def layer_norm(
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
    scale = constant(scale, "scales")
    shift = Constant(scale.name, np.zeros_like(scale.array)) if shift is None else shift
    weights = {"scale": scale, "shift": constant(shift, "shifts")}
    return builder.channelwise("layer_norm", x, -1, weights, epsilon=rounded(epsilon))


@reads("GroupNormalization")
def group_norm(
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
    weights = dict(zip(("scale", "shift"), both, strict=True))
    settings = {"groups": num_groups, "epsilon": rounded(epsilon)}
    return builder.channelwise("group_norm", x, 1, weights, **settings)


def _each(weight: Constant, channels: int) -> Constant:
    """A number for each channel; before operator set 21 there was one for each group."""
    count = channels // max(1, len(weight.array))
    return (
        weight if count == 1 else Constant(weight.name, np.repeat(weight.array, count))
    )


@reads("InstanceNormalization")
def instance_norm(
    builder: Builder, x: Value, scale: Any, shift: Any, *, epsilon: float = 1e-5
) -> Value:
    return group_norm(builder, x, scale, shift, num_groups=x.shape[1], epsilon=epsilon)


@reads("RMSNormalization")
def rms_norm(
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


@reads("Softmax")
def softmax(builder: Builder, x: Value, *, axis: int = -1) -> Value:
    return builder.channelwise("activation", x, axis, {}, kind="softmax")


@reads("Gelu")
def gelu(builder: Builder, x: Value, *, approximate: str = "none") -> Value:
    kind = "gelu" if approximate == "none" else "gelu_tanh"
    return builder.pointwise("activation", x, kind=kind)


@reads("Mish")
def mish(builder: Builder, x: Value) -> Value:
    return builder.pointwise("activation", x, kind="mish")


@reads("Swish")
def swish(builder: Builder, x: Value, *, alpha: float = 1.0) -> Value:
    if alpha != 1:
        raise Unreadable("a swish with a factor")
    return builder.pointwise("activation", x, kind="swish")


# -- joins ---------------------------------------------------------------------


@reads("Add", "Sum")
def add(builder: Builder, x: Any, *others: Any) -> Value:
    given = [x, *others]
    values = [each for each in given if isinstance(each, Value)]
    found = builder.join("add", values) if len(values) > 1 else values[0]
    for each in given:
        if isinstance(each, Constant) and each.array.any():
            found = builder.shifted(found, each)
    return found


@reads("Sub")
def sub(builder: Builder, x: Any, other: Any) -> Value:
    if not (isinstance(x, Value) and isinstance(other, Value)):
        raise Unreadable("a difference of a tensor and a constant")
    return builder.join("subtract", [x, other])


@reads("Mul")
def mul(builder: Builder, x: Any, other: Any) -> Value:
    if isinstance(x, Value) and isinstance(other, Value):
        return builder.join("multiply", [x, other])
    value, factor = (x, other) if isinstance(x, Value) else (other, x)
    return _times(builder, value, factor)


@reads("Div")
def div(builder: Builder, x: Any, other: Any) -> Value:
    if not isinstance(other, Constant):
        raise Unreadable("a quotient of tensors")
    return _times(builder, x, Constant(other.name, 1 / other.array.astype(np.float64)))


def _times(builder: Builder, value: Value, factor: Constant) -> Value:
    if factor.array.size == 1:
        return builder.scaled(value, number(factor))
    return builder.scaled(value, factor)


@reads("Concat")
def concat(builder: Builder, *values: Any, axis: int) -> Value:
    kept = [each for each in values if 0 not in each.shape]
    return (
        kept[0] if len(kept) == 1 else builder.concat(kept, axis % len(kept[0].shape))
    )


# -- sizes ---------------------------------------------------------------------


@reads("Resize", "Upsample")
def resize(
    builder: Builder,
    x: Value,
    roi: Any = None,
    scales: Any = None,
    sizes: Any = None,
    *,
    mode: str = "nearest",
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    axes: Any = None,
    antialias: int = 0,
    keep_aspect_ratio_policy: str = "stretch",
    **_: Any,
) -> Value:
    if scales is None and sizes is None:
        scales = roi  # before operator set 11
    which = range(len(x.dims)) if axes is None else [a % len(x.dims) for a in axes]
    after = list(x.shape)
    for n, axis in enumerate(which):
        if sizes is not None and _array(sizes).size:
            after[axis] = numbers(sizes)[n]
        else:
            after[axis] = int(np.floor(x.shape[axis] * float(_array(scales)[n])))
    if after[:2] != list(x.shape[:2]) or len(after) != 4 or antialias:
        raise Unreadable("resizing of channels, or with antialiasing")
    if keep_aspect_ratio_policy != "stretch":
        raise Unreadable("resizing that keeps the aspect ratio")
    half = coordinate_transformation_mode in ("half_pixel", "pytorch_half_pixel")
    factors = [new / old for new, old in zip(after[2:], x.shape[2:], strict=True)]
    if mode == "linear" and half:
        return _resized(builder, x, after, factors, "bilinear")
    if mode == "nearest":
        return _resized(
            builder,
            x,
            after,
            factors,
            _nearest(coordinate_transformation_mode, nearest_mode, factors),
        )
    raise Unreadable(f"resizing by {mode} with {coordinate_transformation_mode}")


def _nearest(coordinates: str, mode: str, factors: Sequence[float]) -> str:
    """Which of the language's nearest neighbours; at whole factors all are one."""
    if coordinates == "asymmetric" and mode == "floor":
        whole_factors = all(factor.is_integer() for factor in factors)
        return "nearest" if whole_factors else "nearest_floor"
    odd = all(factor.is_integer() for factor in factors)
    if coordinates in ("half_pixel", "pytorch_half_pixel") and (
        mode == "round_prefer_ceil" or (odd and mode == "round_prefer_floor")
    ):
        return "nearest"
    raise Unreadable(f"resizing by nearest neighbours with {coordinates} and {mode}")


def _resized(
    builder: Builder,
    x: Value,
    after: Sequence[int],
    factors: Sequence[float],
    mode: str,
) -> Value:
    if all(factor.is_integer() for factor in factors):
        factor = tuple(int(each) for each in factors)
        return builder.spatial("upsample", x, {}, factor=factor, mode=mode)
    return builder.spatial("resize", x, {}, size=tuple(after[2:]), mode=mode)


@reads("DepthToSpace")
def depth_to_space(
    builder: Builder, x: Value, *, blocksize: int, mode: str = "DCR"
) -> Value:
    order = "channels_first" if mode == "CRD" else "channels_last"
    return builder.spatial("depth_to_space", x, {}, factor=blocksize, order=order)


@reads("SpaceToDepth")
def space_to_depth(builder: Builder, x: Value, *, blocksize: int) -> Value:
    return builder.spatial(
        "space_to_depth", x, {}, factor=blocksize, order="channels_last"
    )


# -- views ---------------------------------------------------------------------


@reads("Identity", "Cast", "CastLike", "Dropout")
def same(builder: Builder, x: Value, *_: Any, **__: Any) -> Value:
    return x


@reads("Reshape")
def reshape(builder: Builder, x: Value, shape: Any, *, allowzero: int = 0) -> Value:
    return reshaped(x, resolved(numbers(shape), x.shape, keep_zeros=bool(allowzero)))


@reads("Flatten")
def flatten(builder: Builder, x: Value, *, axis: int = 1) -> Value:
    axis = axis % len(x.dims) if axis < 0 else axis
    return reshaped(x, (prod(x.shape[:axis]), prod(x.shape[axis:])))


@reads("Transpose")
def transpose(builder: Builder, x: Value, *, perm: Sequence[int] = ()) -> Value:
    return permuted(x, perm or range(len(x.dims))[::-1])


@reads("Unsqueeze")
def unsqueeze(builder: Builder, x: Value, axes: Any) -> Value:
    rank = len(x.dims) + len(numbers(axes))
    fresh = {axis % rank for axis in numbers(axes)}
    rest = iter(x.dims)
    return x._replace(dims=tuple(() if n in fresh else next(rest) for n in range(rank)))


@reads("Squeeze")
def squeeze(builder: Builder, x: Value, axes: Any = None) -> Value:
    rank = len(x.dims)
    if axes is None:
        gone = {n for n, length in enumerate(x.shape) if length == 1}
    else:
        gone = {axis % rank for axis in numbers(axes)}
    return reshaped(x, [length for n, length in enumerate(x.shape) if n not in gone])


@reads("Expand")
def expand(builder: Builder, x: Value, shape: Any) -> Value:
    wanted = np.broadcast_shapes(x.shape, numbers(shape))
    return expanded(x, wanted)


@reads("Slice")
def slice_(
    builder: Builder,
    x: Value,
    starts: Any,
    ends: Any,
    axes: Any = None,
    steps: Any = None,
) -> Value:
    first, last = numbers(starts), numbers(ends)
    over = range(len(first)) if axes is None else numbers(axes)
    if steps is not None and set(numbers(steps)) != {1}:
        raise Unreadable("a slice with a step")
    for axis, start, end in zip(over, first, last, strict=True):
        bounds = range(x.shape[axis])[slice(start, end)]
        x = builder.sliced(x, axis, bounds.start, bounds.stop)
    return x


@reads("Split")
def split(
    builder: Builder,
    x: Value,
    split: Any = None,
    *,
    axis: int = 0,
    num_outputs: int = 0,
) -> list[Value]:
    length = x.shape[axis]
    if split is None:
        each = -(-length // num_outputs)
        sizes = [min(each, length - at) for at in range(0, length, each)]
    else:
        sizes = list(numbers(split))
    ends = np.cumsum(sizes).tolist()
    return [
        builder.sliced(x, axis, end - size, end)
        for size, end in zip(sizes, ends, strict=True)
    ]


@reads("Gather")
def gather(builder: Builder, x: Any, indices: Any, *, axis: int = 0) -> Value:
    if not isinstance(x, Value):
        raise Unreadable("a table that the input chooses from")
    which, length = constant(indices, "indices").array, x.shape[axis]
    if which.ndim == 0:
        return builder.taken(x, axis, range(length)[int(which)])
    start = int(which.reshape(-1)[0]) % length
    if (
        which.ndim == 1
        and (which % length == np.arange(start, start + which.size)).all()
    ):
        return builder.sliced(x, axis, start, start + which.size)
    raise Unreadable("a choice of entries that are not next to each other")


# -- what depends on no number of the input --------------------------------------


def _shape(x: Value, *, start: int = 0, end: int | None = None) -> Constant:
    return Constant("", np.array(x.shape[start:end], np.int64))


def _cast_like(x: Any, other: Any) -> Any:
    return x


SHAPE_OF: dict[str, Callable[..., Any]] = {"Shape": _shape, "CastLike": _cast_like}
"""Operations that may give a constant though they read a tensor."""
