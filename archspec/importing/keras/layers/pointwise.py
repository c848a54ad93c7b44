"""Activations, dropout and arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from archspec.importing.building import Builder, Constant
from archspec.importing.keras.functions import ACTIVATIONS, LEAK
from archspec.importing.keras.layers.registry import (
    LAYERS,
    Use,
    reads,
    setting,
    within,
)
from archspec.importing.keras.model import flat
from archspec.importing.layouts import Lacking, Unreadable, Value
from archspec.importing.readings import Reading


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


def last(builder: Builder, x: Value, use: Use) -> Value:
    """The activation that a layer of weights ends in: a layer by itself."""
    word = use.config.get("activation")
    with within(builder, "act", "Activation"):
        return activated(builder, x, "linear" if word is None else word)


@reads("Activation")
def _activation(builder: Builder, use: Use, x: Value) -> Value:
    return activated(builder, x, use.config["activation"])


def _word(word: str) -> Reading:
    def reading(builder: Builder, use: Use, x: Value) -> Value:
        return activated(builder, x, word)

    return reading


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
    limit, *bends = (
        use.config.get(name) for name in ("max_value", "negative_slope", "threshold")
    )
    if any(bends) or limit not in (None, 6):
        raise Unreadable("a ReLU with a threshold, slope or limit that has no name")
    return builder.pointwise("activation", x, kind="relu6" if limit else "relu")


@reads("LeakyReLU", "LeakyRelu")
def _leaky_relu(builder: Builder, use: Use, x: Value) -> Value:
    slope = setting(use, "negative_slope")
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


@reads("Dropout", "SpatialDropout1D", "SpatialDropout2D")
def _dropout(builder: Builder, use: Use, x: Value) -> Value:
    rate, shape = setting(use, "rate"), use.config.get("noise_shape")
    if not rate:
        return x
    if shape is None:
        return builder.pointwise("dropout", x, rate=rate)
    if [*shape[1:]] != [1] * (len(x.dims) - 1):
        raise Unreadable(f"dropout of noise_shape {shape}")
    # whole samples, which is stochastic depth
    return builder.pointwise("drop_path", x, rate=rate)


@reads("Identity", "ActivityRegularization", "ConvertToTensor")
def _identity(builder: Builder, use: Use, x: Value) -> Value:
    return x


@reads("GaussianNoise", "GaussianDropout", "AlphaDropout")
def _noise(builder: Builder, use: Use, x: Value) -> Value:
    builder.notes.append(f"'{use.path}' is left out: without training it does nothing")
    return x


for _kind in ("Brightness", "Contrast", "Flip", "Rotation", "Translation", "Zoom"):
    LAYERS[f"Random{_kind}"] = _noise


@reads("Add")
def _add(builder: Builder, use: Use, *given: Any) -> Value:
    return _joined(builder, "add", builder.shifted, given)


@reads("Subtract")
def _subtract(builder: Builder, use: Use, *given: Any) -> Value:
    x, other = flat([*given])
    if isinstance(x, Value) and isinstance(other, Value):
        return builder.join("subtract", [x, other])
    if isinstance(x, Value):
        return builder.shifted(x, _changed(other, np.negative))
    return builder.shifted(builder.scaled(other, -1), x)


@reads("Multiply")
def _multiply(builder: Builder, use: Use, *given: Any) -> Value:
    return _joined(builder, "multiply", builder.scaled, given)


def _joined(
    builder: Builder,
    op: str,
    changed: Callable[[Value, Any], Value],
    given: Sequence[Any],
) -> Value:
    """Tensors joined, then changed by each constant among them."""
    terms = [*flat([*given])]
    values = [each for each in terms if isinstance(each, Value)]
    found = builder.join(op, values) if len(values) > 1 else values[0]
    for each in terms:
        found = found if isinstance(each, Value) else changed(found, each)
    return found


@reads("Divide", "TrueDivide")
def _divide(builder: Builder, use: Use, x: Any, other: Any) -> Value:
    if isinstance(other, Value):
        raise Lacking("a quotient of tensors")
    return builder.scaled(x, _changed(other, np.reciprocal))


@reads("Average")
def _average(builder: Builder, use: Use, values: Sequence[Value]) -> Value:
    return builder.scaled(builder.join("add", values), 1 / len(values))


@reads("Negative")
def _negative(builder: Builder, use: Use, x: Value) -> Value:
    return builder.scaled(x, -1)


@reads("Square")
def _square(builder: Builder, use: Use, x: Value) -> Value:
    return builder.join("multiply", [x, x])


def _changed(given: Any, function: Callable[[Any], Any]) -> Any:
    """A function of a number, or of a constant's."""
    if isinstance(given, Constant):
        return given.computed(function(given.array.astype(np.float64)))
    return float(function(float(given)))


@reads("Concatenate")
def _concatenate(builder: Builder, use: Use, values: Sequence[Any]) -> Value:
    if len(values) == 1:
        return values[0]
    return builder.concat(values, int(use.config.get("axis", -1)))
