"""What layers of Keras compute on each number: the parts of which chains are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Protocol

import numpy as np

from archspec.ops import PRIMITIVES

Array = Any
Config = Mapping[str, Any]


class Function(Protocol):
    """Takes the configuration of a layer, then what it reads."""

    def __call__(self, config: Config, /, *terms: Array) -> Array: ...


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


def _relu(config: Config, *terms: Array) -> Array:
    x: Array = terms[0]
    limit, slope = config.get("max_value"), config.get("negative_slope") or 0.0
    threshold = config.get("threshold") or 0.0
    above = x >= threshold
    bent = above * x + (1 - above) * slope * (x - threshold)
    return bent if limit is None else np.minimum(bent, limit)


def _leaky_relu(config: Config, *terms: Array) -> Array:
    x: Array = terms[0]
    return np.maximum(x, 0) + config["negative_slope"] * np.minimum(x, 0)


def _activation(config: Config, *terms: Array) -> Array:
    kind = ACTIVATIONS[config["activation"]]
    if kind == "softmax":
        raise ValueError("not of each number by itself")
    settings = {"kind": kind} | ({"slope": LEAK} if kind == "leaky_relu" else {})
    op: Any = PRIMITIVES["activation"](**settings)
    found: Array = op.evaluate(*terms, {})
    return found


def _named(word: str) -> Function:
    return lambda config, *terms: _activation({"activation": word}, *terms)


def _all(function: Callable[..., Array]) -> Function:
    return lambda config, *terms: reduce(function, terms)


def _each(function: Callable[..., Array]) -> Function:
    return lambda config, *terms: function(*terms)


FUNCTIONS: dict[str, Function] = {
    "Activation": _activation,
    "Add": _all(np.add),
    "Divide": _each(np.divide),
    "HardSigmoid": _named("hard_sigmoid"),
    "HardSilu": _named("hard_silu"),
    "LeakyReLU": _leaky_relu,
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
