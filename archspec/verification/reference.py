"""The network's own layers, one by one in NumPy: what the targets are judged by.

It knows neither blocks nor templates, so it shares no fault with generated code but
those of elaboration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import erf, pi
from typing import Any

import numpy as np

from archspec.network import INPUT, Network, NetworkLayer
from archspec.verification.windows import (
    Array,
    convolved,
    padded,
    pooled,
    resized,
    stamped,
)
from archspec.weights.checks import Arrays


def evaluate(network: Network, weights: Arrays, images: Array) -> dict[str, Array]:
    """Every layer's output by its path, in float64; what trains only does nothing.

    `images` are (N, channels, height, width).
    """
    return _run(network, weights, images, lambda layer, x: {})


def calibrate(
    network: Network, weights: Arrays, images: Array
) -> tuple[dict[str, Array], Arrays]:
    """Every layer's output if batch norms took about the statistics of these images.

    Also these statistics, `PATH.mean` and `PATH.variance`: with them numbers neither
    grow nor vanish from layer to layer, and rounding errors stay small. Each is off
    from that of the images by what was drawn for it: a variance by its factor, a mean
    by that many standard deviations more than one.
    """
    statistics: dict[str, Array] = {}

    def measured(layer: NetworkLayer, x: Array) -> dict[str, Array]:
        if layer.op != "batch_norm":
            return {}
        axes = tuple(axis for axis in range(x.ndim) if axis != 1)
        names = f"{layer.path}.mean", f"{layer.path}.variance"
        drawn_mean, factor = (weights[name] for name in names)
        # A channel that hardly varies would have its rounding errors blown up; where
        # maps are tiny, few numbers vary by chance.
        share = min(10, x.size // x.shape[1])
        variance = np.maximum(x.var(axes), np.square(x).mean() / share)
        mean = x.mean(axes) + (drawn_mean - 1) * np.sqrt(variance)
        both = mean.astype(np.float32), (variance * factor).astype(np.float32)
        statistics.update(zip(names, both, strict=True))
        return {"mean": both[0].astype(float), "variance": both[1].astype(float)}

    return _run(network, weights, images, measured), statistics


def _run(
    network: Network,
    weights: Arrays,
    images: Array,
    instead: Callable[[NetworkLayer, Array], Mapping[str, Array]],
) -> dict[str, Array]:
    known = {INPUT: images.astype(float)}
    for number, layer in enumerate(network.layers):
        inputs = [known[source] for source in layer.sources]
        own = {name: weights[f"{layer.path}.{name}"] for name in layer.weights}
        own = {name: array.astype(float) for name, array in own.items()}
        known[number] = _output(layer, inputs, {**own, **instead(layer, inputs[0])})
    return {layer.path: known[number] for number, layer in enumerate(network.layers)}


def _output(layer: NetworkLayer, inputs: Sequence[Array], weights: Arrays) -> Array:
    op: Any = layer.primitive
    if layer.op in _JOINS:
        return _JOINS[layer.op](inputs)
    return _OPS[layer.op](inputs[0], op, weights, layer)


def _multiplied(inputs: Sequence[Array]) -> Array:
    product = inputs[0]
    for factor in inputs[1:]:
        product = product * factor
    return product


def _conv(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    groups = op.groups if layer.op == "conv" else x.shape[1]
    x = padded(x, op.window.amounts(x.shape[2:]))
    x = convolved(x, weights["weight"], op.stride, op.dilation, groups)
    return x + _along(weights.get("bias", 0.0), x)


def _transposed_conv(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    x = stamped(x, weights["weight"], op.stride)
    height, width = (x.shape[2] - layer.output[1], x.shape[3] - layer.output[2])
    top, left = max(0, height) // 2, max(0, width) // 2
    if op.padding != "same":
        top, _, left, _ = op.window.amounts(x.shape[2:])
    x = padded(x, (-top, top - height, -left, left - width))
    return x + _along(weights.get("bias", 0.0), x)


def _dense(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    x = np.einsum("nc...,oc->no...", x, weights["weight"], optimize=True)
    return x + _along(weights.get("bias", 0.0), x)


def _batch_norm(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    scale = weights["scale"] / np.sqrt(weights["variance"] + op.epsilon)
    centred = x - _along(weights["mean"], x)
    return centred * _along(scale, x) + _along(weights["shift"], x)


def _layer_norm(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    centred = x - x.mean(1, keepdims=True)
    variance = (centred**2).mean(1, keepdims=True)
    normal = centred / np.sqrt(variance + op.epsilon)
    return normal * _along(weights["scale"], x) + _along(weights["shift"], x)


def _normalize(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    return (x - _along(op.mean, x)) / _along(op.std, x)


def _global_avg_pool(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    return x.mean((2, 3), keepdims=op.keep_size)


def _activation(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    if op.kind == "leaky_relu":
        return np.where(x > 0, x, op.slope * x)
    return _ACTIVATIONS[op.kind](x)


def _relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)


def _sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


def _gelu(x: Array) -> Array:
    return x * (1 + np.vectorize(erf, otypes=[float])(x / 2**0.5)) / 2


def _gelu_tanh(x: Array) -> Array:
    return x * (1 + np.tanh((2 / pi) ** 0.5 * (x + 0.044715 * x**3))) / 2


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def _flatten(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    if op.order == "channels_last":
        x = np.moveaxis(x, 1, -1)
    return x.reshape(x.shape[0], -1)


def _channel_shuffle(x: Array, op: Any, weights: Arrays, layer: NetworkLayer) -> Array:
    batch, _, *size = x.shape
    return x.reshape(batch, op.groups, -1, *size).swapaxes(1, 2).reshape(x.shape)


def _along(values: Any, x: Array) -> Array:
    """A number for each channel, to go with x."""
    return np.asarray(values, float).reshape(-1, *(1 for _ in x.shape[2:]))


_JOINS: Mapping[str, Callable[[Sequence[Array]], Array]] = {
    "add": lambda inputs: sum(inputs[1:], inputs[0]),
    "multiply": _multiplied,
    "concat": lambda inputs: np.concatenate(inputs, 1),
}
_ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": _relu6,
    "hard_swish": lambda x: x * _relu6(x + 3) / 6,
    "hard_sigmoid": lambda x: _relu6(x + 3) / 6,
    "sigmoid": _sigmoid,
    "swish": lambda x: x * _sigmoid(x),
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "tanh": np.tanh,
    "softmax": _softmax,
    "identity": lambda x: x,
}
_OPS: Mapping[str, Callable[[Array, Any, Arrays, NetworkLayer], Array]] = {
    "conv": _conv,
    "depthwise_conv": _conv,
    "transposed_conv": _transposed_conv,
    "dense": _dense,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "layer_scale": lambda x, op, weights, layer: x * _along(weights["scale"], x),
    "normalize": _normalize,
    "activation": _activation,
    "max_pool": lambda x, op, weights, layer: pooled(x, op, True, _size(layer)),
    "avg_pool": lambda x, op, weights, layer: pooled(x, op, False, _size(layer)),
    "global_avg_pool": _global_avg_pool,
    "flatten": _flatten,
    "identity": lambda x, op, weights, layer: x,
    "dropout": lambda x, op, weights, layer: x,
    "drop_path": lambda x, op, weights, layer: x,
    "slice_channels": lambda x, op, weights, layer: x[:, op.start : op.stop],
    "channel_shuffle": _channel_shuffle,
    "upsample": lambda x, op, weights, layer: resized(x, _size(layer), op.mode),
    "resize": lambda x, op, weights, layer: resized(x, _size(layer), op.mode),
    "pad": lambda x, op, weights, layer: padded(x, op.amounts, op.value),
}


def _size(layer: NetworkLayer) -> tuple[int, int]:
    _, height, width = layer.output
    return height, width
