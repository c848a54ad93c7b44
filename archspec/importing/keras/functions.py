"""What layers of Keras compute on each number: the parts of which chains are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from archspec.ops import PRIMITIVES

Array = Any
Config = Mapping[str, Any]

ACTIVATIONS = {
    "relu": "relu",
    "relu6": "relu6",
    "sigmoid": "sigmoid",
    "silu": "swish",
    "swish": "swish",
    "tanh": "tanh",
    "gelu": "gelu",
    "mish": "mish",
    "softmax": "softmax",
    "hard_sigmoid": "hard_sigmoid",
    "hard_silu": "hard_swish",
    "hard_swish": "hard_swish",
    "leaky_relu": "leaky_relu",
    "linear": "identity",
}
"""The language's words for those of Keras."""
LEAK = 0.2
"""The slope of Keras's `leaky_relu`, where none is given."""


def _relu(config: Config, x: Array) -> Array:
    limit, slope = config.get("max_value"), config.get("negative_slope") or 0.0
    threshold = config.get("threshold") or 0.0
    found = np.where(x >= threshold, x, slope * (x - threshold))
    return found if limit is None else np.minimum(found, limit)


def _activation(config: Config, x: Array) -> Array:
    kind = ACTIVATIONS[config["activation"]]
    if kind == "softmax":
        raise ValueError("not of each number by itself")
    more = {"slope": LEAK} if kind == "leaky_relu" else {}
    return PRIMITIVES["activation"](kind=kind, **more).evaluate(x, {})


def _named(word: str) -> Callable[..., Array]:
    return lambda config, x: _activation({"activation": word}, x)


def _all(function: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    return lambda config, *terms: reduce(function, terms)


def _each(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda config, *terms: function(*terms)


FUNCTIONS: dict[str, Callable[..., Array]] = {
    "Activation": _activation,
    "Add": _all(np.add),
    "Divide": _each(np.divide),
    "HardSigmoid": _named("hard_sigmoid"),
    "HardSilu": _named("hard_silu"),
    "LeakyReLU": lambda config, x: np.where(x > 0, x, config["negative_slope"] * x),
    "Maximum": _all(np.maximum),
    "Minimum": _all(np.minimum),
    "Multiply": _all(np.multiply),
    "Negative": _each(np.negative),
    "Power": _each(np.power),
    "ReLU": _relu,
    "Relu": _named("relu"),
    "Relu6": _named("relu6"),
    "Sigmoid": _named("sigmoid"),
    "Silu": _named("silu"),
    "Subtract": _each(np.subtract),
    "Tanh": _named("tanh"),
    "TrueDivide": _each(np.divide),
}
"""By the layer's or function's class; the first argument is its configuration."""
