"""Activations, dropout, sums and products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archspec.importing.building import Builder
from archspec.importing.graph import Scope
from archspec.importing.keras.functions import ACTIVATIONS, LEAK
from archspec.importing.keras.layers.registry import (
    LAYERS,
    Use,
    is_list,
    reads,
    setting,
)
from archspec.importing.layouts import Unreadable, Value
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
    word, outer = use.config.get("activation"), builder.scopes
    builder.scopes = (*outer, Scope(f"{outer[-1].path}.act", "Activation"))
    found = activated(builder, x, "linear" if word is None else word)
    builder.scopes = outer
    return found


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
    raise Unreadable("a ReLU with a threshold, slope or limit that has no name")


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


@reads("Dropout", "SpatialDropout2D")
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


@reads("Identity", "ActivityRegularization")
def _identity(builder: Builder, use: Use, x: Value) -> Value:
    return x


def _join(name: str) -> Reading:
    def reading(builder: Builder, use: Use, *given: Any) -> Value:
        first, *others = given
        values: list[Any] = [*first, *others] if is_list(first) else list(given)
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
