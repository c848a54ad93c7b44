"""What layers and functions of Keras compute: the parts of which chains are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Protocol

import numpy as np

from archspec.importing.keras.model import flat
from archspec.ops import PRIMITIVES

Array = Any


class Configured(Protocol):
    """A layer with its settings."""

    config: Mapping[str, Any]


class Function(Protocol):
    """Takes the layer, then what it reads."""

    def __call__(self, use: Configured, /, *terms: Any) -> Array: ...


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


def _relu(use: Configured, *terms: Array) -> Array:
    (x,), config = terms, use.config
    limit, slope = config.get("max_value"), config.get("negative_slope") or 0.0
    threshold = config.get("threshold") or 0.0
    above = x >= threshold
    bent = above * x + (1 - above) * slope * (x - threshold)
    return bent if limit is None else np.minimum(bent, limit)


def _leaky_relu(use: Configured, *terms: Array) -> Array:
    (x,) = terms
    return np.maximum(x, 0) + use.config["negative_slope"] * np.minimum(x, 0)


def _clip(use: Configured, *terms: Array) -> Array:
    (x,) = terms
    return np.clip(x, use.config["x_min"], use.config["x_max"])


def _activation(use: Configured, *terms: Array) -> Array:
    return _activated(use.config["activation"], *terms)


def _activated(word: str, *terms: Array) -> Array:
    kind = ACTIVATIONS[word]
    if kind == "softmax":
        raise ValueError("not of each number by itself")
    settings = {"kind": kind} | ({"slope": LEAK} if kind == "leaky_relu" else {})
    op: Any = PRIMITIVES["activation"](**settings)
    found: Array = op.evaluate(*terms, {})
    return found


def _named(word: str) -> Function:
    return lambda use, *terms: _activated(word, *terms)


def _all(function: Callable[..., Array]) -> Function:
    return lambda use, *terms: reduce(function, flat([*terms]))


def _each(function: Callable[..., Array]) -> Function:
    return lambda use, *terms: function(*terms)


def _rsqrt(use: Configured, *terms: Array) -> Array:
    return 1 / np.sqrt(*terms)


def _along(function: Callable[..., Array]) -> Function:
    """A function of the numbers along some axes."""

    def run(use: Configured, *terms: Array) -> Array:
        axis, keep = use.config.get("axis"), bool(use.config.get("keepdims"))
        over = axis if axis is None else tuple(np.atleast_1d(axis).tolist())
        return function(*terms, axis=over, keepdims=keep)

    return run


REDUCING: Mapping[str, Function] = {
    "Mean": _along(np.mean),
    "Sum": _along(np.sum),
    "Var": _along(np.var),
}
"""Functions of the numbers along an axis."""

FUNCTIONS: Mapping[str, Function] = {
    **REDUCING,
    "Activation": _activation,
    "Add": _all(np.add),
    "Clip": _clip,
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
    "Rsqrt": _rsqrt,
    "Sigmoid": _named("sigmoid"),
    "Silu": _named("silu"),
    "Sqrt": _each(np.sqrt),
    "Square": _each(np.square),
    "Subtract": _all(np.subtract),
    "Tanh": _named("tanh"),
    "TrueDivide": _each(np.divide),
}
"""By the layer's or function's class; chains of these may be an op."""
