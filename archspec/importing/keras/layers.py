"""What each of Keras's layers is in the language.

A function has the tensors of a layer's call; functions of `keras.ops` in a model are
layers without weights. Feature maps have channels last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from archspec.importing.building import Amounts, Builder, Constant, Pair
from archspec.importing.graph import Scope
from archspec.importing.keras.functions import ACTIVATIONS, LEAK
from archspec.importing.layouts import Unreadable, Value, permuted, reshaped
from archspec.importing.patterns import decimal
from archspec.ops.window import Window

Array = Any
Reading = Callable[..., Value]
LAYERS: dict[str, Reading] = {}
"""Readings by the layer's or function's class."""


def reads(*kinds: str) -> Callable[[Reading], Reading]:
    """Register a reading of these classes."""

    def register(function: Reading) -> Reading:
        LAYERS.update(dict.fromkeys(kinds, function))
        return function

    return register


@dataclass(eq=False)
class Use:
    """A layer, whatever calls it: its settings and weights.

    `inner` are the weights of the layers that it consists of, by their names.
    """

    path: str
    config: Mapping[str, Any]
    weights: Sequence[Array | None]
    inner: Mapping[str, Sequence[Array | None]]
    _known: dict[str, Constant] = field(default_factory=dict[str, Constant])

    def weight(
        self, number: int, name: str, change: Callable[[Array], Array] = lambda x: x
    ) -> Constant:
        """A weight in canonical axes, the same one at each call; raises Unreadable."""
        if name not in self._known:
            found = self.weights[number] if number < len(self.weights) else None
            if found is None:
                raise Unreadable(f"the file has no {name} of it")
            self._known[name] = Constant(f"{self.path}/{name}", change(found))
        return self._known[name]

    def bias(self, number: int) -> Constant | None:
        """The bias, if it has one."""
        return self.weight(number, "bias") if self.config.get("use_bias") else None


def channels_first(value: Value) -> Value:
    """A feature map with channels before its positions."""
    if len(value.dims) != 4:
        raise Unreadable(f"a tensor of {len(value.dims)} axes instead of 4")
    return permuted(value, (0, 3, 1, 2))


def channels_last(value: Value) -> Value:
    """A feature map as Keras has it."""
    return permuted(value, (0, 2, 3, 1)) if len(value.dims) == 4 else value


def spatial(
    builder: Builder,
    name: str,
    x: Value,
    weights: Mapping[str, Constant],
    /,
    **attributes: Any,
) -> Value:
    """An op on a feature map."""
    found = builder.spatial(name, channels_first(x), weights, **attributes)
    return channels_last(found)


def _check_format(use: Use) -> None:
    if use.config.get("data_format", "channels_last") != "channels_last":
        raise Unreadable("data_format channels_first")


def _pair(given: Any) -> Pair:
    """Height and width; raises Unreadable."""
    numbers = (given, given) if isinstance(given, int) else tuple(given)
    if len(numbers) != 2:
        raise Unreadable(f"a window over {len(numbers)} axes")
    return int(numbers[0]), int(numbers[1])


def _amounts(
    x: Value, word: str, kernel: Pair, stride: Pair, dilation: Pair
) -> Amounts:
    """Padding at this size, as Keras has it."""
    if word not in ("same", "valid"):
        raise Unreadable(f"padding '{word}'")
    window = Window(kernel, stride, word, dilation)  # pyright: ignore[reportArgumentType]
    return window.amounts(x.shape[1:3])  # pyright: ignore[reportArgumentType]


def _epsilon(use: Use) -> float:
    return float(use.config["epsilon"])


# -- activations ---------------------------------------------------------------


def activated(builder: Builder, x: Value, word: Any) -> Value:
    """An activation by Keras's word for it; raises Unreadable."""
    if not isinstance(word, str) or word not in ACTIVATIONS:
        raise Unreadable(f"activation {_called(word)}")
    kind = ACTIVATIONS[word]
    if kind == "identity":
        return x
    if kind == "softmax":
        return builder.channelwise("activation", x, -1, {}, kind=kind)
    more = {"slope": LEAK} if kind == "leaky_relu" else {}
    return builder.pointwise("activation", x, kind=kind, **more)


def _called(word: Any) -> str:
    if isinstance(word, dict):
        return f"'{word.get('class_name')}'"  # pyright: ignore
    return f"'{word}'"


def _last(builder: Builder, x: Value, use: Use) -> Value:
    """The activation that a layer of weights ends in: a layer by itself."""
    word, outer = use.config.get("activation"), builder.scopes
    builder.scopes = (*outer, Scope(f"{outer[-1].path}.act", "Activation"))
    found = activated(builder, x, "linear" if word is None else word)
    builder.scopes = outer
    return found


@reads("Activation")
def _activation(builder: Builder, use: Use, x: Value) -> Value:
    return activated(builder, x, use.config["activation"])


def _word(word: str) -> Reading:
    return lambda builder, use, x: activated(builder, x, word)


for _kind, _name in {
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Silu": "silu",
    "Tanh": "tanh",
}.items():
    LAYERS[_kind] = _word(_name)


@reads("ReLU")
def _relu(builder: Builder, use: Use, x: Value) -> Value:
    raise Unreadable("a ReLU with a threshold, slope or limit that has no name")


@reads("LeakyReLU", "LeakyRelu")
def _leaky_relu(builder: Builder, use: Use, x: Value) -> Value:
    slope = float(use.config["negative_slope"])
    return builder.pointwise("activation", x, kind="leaky_relu", slope=slope)


@reads("Gelu")
def _gelu(builder: Builder, use: Use, x: Value) -> Value:
    kind = "gelu_tanh" if use.config.get("approximate", True) else "gelu"
    return builder.pointwise("activation", x, kind=kind)


@reads("Softmax")
def _softmax(builder: Builder, use: Use, x: Value) -> Value:
    axis = use.config.get("axis", -1)
    if not isinstance(axis, int):
        raise Unreadable("a softmax over several axes")
    return builder.channelwise("activation", x, axis, {}, kind="softmax")


@reads("Dropout", "SpatialDropout2D")
def _dropout(builder: Builder, use: Use, x: Value) -> Value:
    rate = use.config["rate"]
    return builder.pointwise("dropout", x, rate=float(rate)) if rate else x


@reads("Identity", "ActivityRegularization")
def _identity(builder: Builder, use: Use, x: Value) -> Value:
    return x


# -- layers of weights ---------------------------------------------------------


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
    groups: int,
) -> Value:
    _check_format(use)
    config = use.config
    kernel = _pair(weight.shape[2:])
    stride, dilation = _pair(config["strides"]), _pair(config["dilation_rate"])
    found = builder.conv(
        channels_first(x),
        weight,
        bias,
        stride=stride,
        padding=_amounts(x, config["padding"], kernel, stride, dilation),
        dilation=dilation,
        groups=groups,
    )
    return channels_last(found)


@reads("Conv2D")
def _conv(builder: Builder, use: Use, x: Value) -> Value:
    weight, bias = use.weight(0, "kernel", _kernel), use.bias(1)
    groups = int(use.config.get("groups", 1))
    return _last(builder, _convolved(builder, use, x, weight, bias, groups), use)


@reads("DepthwiseConv2D")
def _depthwise(builder: Builder, use: Use, x: Value) -> Value:
    weight = use.weight(0, "kernel", _depthwise_kernel)
    found = _convolved(builder, use, x, weight, use.bias(1), x.shape[-1])
    return _last(builder, found, use)


@reads("SeparableConv2D")
def _separable(builder: Builder, use: Use, x: Value) -> Value:
    weight = use.weight(0, "depthwise_kernel", _depthwise_kernel)
    filtered = _convolved(builder, use, x, weight, None, x.shape[-1])
    mixed = builder.conv(
        channels_first(filtered),
        use.weight(1, "pointwise_kernel", _kernel),
        use.bias(2),
        stride=(1, 1),
        padding=(0, 0, 0, 0),
        dilation=(1, 1),
        groups=1,
    )
    return _last(builder, channels_last(mixed), use)


@reads("Conv2DTranspose")
def _transposed(builder: Builder, use: Use, x: Value) -> Value:
    _check_format(use)
    config = use.config
    if config.get("output_padding") is not None or _pair(config["dilation_rate"]) != (
        1,
        1,
    ):
        raise Unreadable("a transposed convolution with output padding or dilation")
    # (height, width, out, in), whose windows are flipped in no framework
    weight = use.weight(0, "kernel", lambda array: array.transpose(3, 2, 0, 1))
    bias = use.bias(1)
    kernel, stride = _pair(weight.shape[2:]), _pair(config["strides"])
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
    return _last(builder, found, use)


@reads("Dense")
def _dense(builder: Builder, use: Use, x: Value) -> Value:
    weight = use.weight(0, "kernel", lambda array: array.T)
    if len(weight.shape) != 2 or weight.shape[1] != x.shape[-1]:
        raise Unreadable(f"a kernel of {weight.shape[::-1]} for {x.shape[-1]} channels")
    return _last(builder, builder.dense(x, weight, use.bias(1)), use)


@reads("LayerScale")
def _layer_scale(builder: Builder, use: Use, x: Value) -> Value:
    weights = {"scale": use.weight(0, "gamma")}
    initial = float(use.config.get("init_values", 1.0))
    return builder.channelwise("layer_scale", x, -1, weights, initial=initial)


# -- normalisation -------------------------------------------------------------


def _check_axis(use: Use, x: Value) -> None:
    axis = use.config.get("axis", -1)
    axes = axis if isinstance(axis, list) else [axis]
    if [n % len(x.dims) for n in axes] != [len(x.dims) - 1]:
        raise Unreadable(f"normalisation over axis {axis}")


def _scale_and_shift(use: Use) -> dict[str, Constant]:
    if not (use.config["scale"] and use.config["center"]):
        raise Unreadable("normalisation without scale or shift (scale, center)")
    return {"scale": use.weight(0, "gamma"), "shift": use.weight(1, "beta")}


@reads("BatchNormalization")
def _batch_norm(builder: Builder, use: Use, x: Value) -> Value:
    _check_axis(use, x)
    weights = _statistics(use, x.shape[-1])
    decay = float(use.config["momentum"])
    return builder.channelwise(
        "batch_norm", x, -1, weights, epsilon=_epsilon(use), decay=decay
    )


def _statistics(use: Use, channels: int) -> dict[str, Constant]:
    weights = _scale_and_shift(use)
    mean, variance = use.weight(2, "moving_mean"), use.weight(3, "moving_variance")
    return weights | {"mean": mean, "variance": variance}


@reads("LayerNormalization")
def _layer_norm(builder: Builder, use: Use, x: Value) -> Value:
    _check_axis(use, x)
    if use.config.get("rms_scaling"):
        raise Unreadable("a layer norm with rms_scaling")
    weights = _scale_and_shift(use)
    return builder.channelwise("layer_norm", x, -1, weights, epsilon=_epsilon(use))


@reads("RMSNormalization")
def _rms_norm(builder: Builder, use: Use, x: Value) -> Value:
    _check_axis(use, x)
    weights = {"scale": use.weight(0, "scale")}
    return builder.channelwise("rms_norm", x, -1, weights, epsilon=_epsilon(use))


@reads("GroupNormalization")
def _group_norm(builder: Builder, use: Use, x: Value) -> Value:
    _check_axis(use, x)
    groups = int(use.config["groups"])
    groups = x.shape[-1] if groups == -1 else groups
    weights = _scale_and_shift(use)
    return builder.channelwise(
        "group_norm", x, -1, weights, groups=groups, epsilon=_epsilon(use)
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


# -- sizes ---------------------------------------------------------------------


def _pool(name: str) -> Reading:
    def reading(builder: Builder, use: Use, x: Value) -> Value:
        _check_format(use)
        kernel = _pair(use.config["pool_size"])
        stride = _pair(use.config.get("strides") or kernel)
        padding = _amounts(x, use.config["padding"], kernel, stride, (1, 1))
        return spatial(
            builder, name, x, {}, kernel=kernel, stride=stride, padding=padding
        )

    return reading


def _global(name: str) -> Reading:
    def reading(builder: Builder, use: Use, x: Value) -> Value:
        _check_format(use)
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
    _check_format(use)
    (top, bottom), (left, right) = use.config["padding"]
    amounts = int(top), int(bottom), int(left), int(right)
    return spatial(builder, "pad", x, {}, amounts=amounts) if any(amounts) else x


@reads("UpSampling2D")
def _upsampling(builder: Builder, use: Use, x: Value) -> Value:
    _check_format(use)
    mode = use.config["interpolation"]
    if mode not in ("nearest", "bilinear"):
        raise Unreadable(f"upsampling by '{mode}'")
    factor = _pair(use.config["size"])
    return spatial(builder, "upsample", x, {}, factor=factor, mode=mode)


@reads("Resizing")
def _resizing(builder: Builder, use: Use, x: Value) -> Value:
    _check_format(use)
    config, mode = use.config, use.config["interpolation"]
    odd = "crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"
    if mode not in ("nearest", "bilinear") or any(config.get(name) for name in odd):
        raise Unreadable(f"resizing by '{mode}', or that crops or pads")
    size = int(config["height"]), int(config["width"])
    return spatial(builder, "resize", x, {}, size=size, mode=mode)


@reads("Flatten")
def _flatten(builder: Builder, use: Use, x: Value) -> Value:
    _check_format(use)
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


# -- joins ---------------------------------------------------------------------


def _join(name: str) -> Reading:
    def reading(builder: Builder, use: Use, *given: Any) -> Value:
        values = list(given[0]) if isinstance(given[0], list) else list(given)
        if not all(isinstance(each, Value) for each in values) or len(values) < 2:
            raise Unreadable("arithmetic with numbers that is no activation")
        return builder.join(name, values)

    return reading


LAYERS["Add"] = _join("add")
LAYERS["Multiply"] = _join("multiply")
LAYERS["Subtract"] = _join("subtract")


def _arithmetic(builder: Builder, use: Use, *given: Any) -> Value:
    raise Unreadable("arithmetic that is no activation")


for _kind in ("Divide", "TrueDivide", "Maximum", "Minimum", "Negative", "Power"):
    LAYERS[_kind] = _arithmetic


@reads("Concatenate")
def _concatenate(builder: Builder, use: Use, values: Sequence[Value]) -> Value:
    if len(values) == 1:
        return values[0]
    return builder.concat(values, int(use.config.get("axis", -1)))
