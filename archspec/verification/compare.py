"""Whether two targets computed the same, and which layer is the first that differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from archspec.network import INPUT, Network, NetworkLayer
from archspec.runtime.order import Precision
from archspec.verification.windows import Array

TOLERANCES: Mapping[Precision, float] = {"float64": 1e-9, "float32": 1e-4}
"""Of the largest number. Two right engines differ by about 1e-14 and 1e-5."""

SINGLE = 1e-6
"""In float64, where a framework has a constant in single precision."""

RESIZED = 1e-4
"""In float64, behind a bilinear resize that TensorFlow computes in single precision."""

_SINGLE_KINDS = {"leaky_relu", "gelu", "gelu_tanh"}
_SINGLE_DERIVATIVES = {"hard_sigmoid"}
_PASSING = {"softmax", "identity", "dropout", "drop_path"}

Found = Mapping[str, Array]


class Errors(NamedTuple):
    """The largest difference, and that over the largest number."""

    absolute: float
    relative: float


def tolerance(
    network: Network, precision: Precision, targets: tuple[str, ...]
) -> float:
    """How far outputs may differ, over the largest number.

    Keras on TensorFlow has the slope of leaky_relu, the constants of gelu, and the
    shares of a bilinear resize in single precision.
    """
    if precision == "float32" or "keras" not in targets:
        return TOLERANCES[precision]
    if any(_is_bilinear(layer) for layer in network.layers):
        return RESIZED
    single = any(_computed_in_single(layer) for layer in network.layers)
    return SINGLE if single else TOLERANCES[precision]


def training_tolerance(network: Network) -> float:
    """How far PyTorch and Keras may differ after a step, in float64.

    PyTorch's derivative of hard_sigmoid is a sixth in single precision.
    """
    limit = tolerance(network, "float64", ("torch", "keras"))
    kinds = {getattr(layer.primitive, "kind", None) for layer in network.layers}
    return max(limit, SINGLE) if kinds & _SINGLE_DERIVATIVES else limit


def _computed_in_single(layer: NetworkLayer) -> bool:
    kind = getattr(layer.primitive, "kind", None)
    return kind in _SINGLE_KINDS or _is_bilinear(layer)


def _is_bilinear(layer: NetworkLayer) -> bool:
    return getattr(layer.primitive, "mode", None) == "bilinear"


def errors(found: Array, expected: Array) -> Errors:
    """How far arrays are apart; infinitely if shapes or what is finite differ."""
    if found.shape != expected.shape:
        return Errors(np.inf, np.inf)
    absolute = float(np.abs(found - expected).max(initial=0.0))
    if absolute == 0.0:
        return Errors(0.0, 0.0)
    largest = float(np.abs(expected).max())
    relative = absolute / largest if largest else np.inf
    return Errors(absolute, relative if np.isfinite(relative) else np.inf)


def equal(found: Found, expected: Found, key: str, limit: float) -> bool:
    """Whether what both have under this key is the same; what is not there is."""
    if key not in found or key not in expected:
        return True
    return errors(found[key], expected[key]).relative <= limit


def output_errors(network: Network, found: Found, expected: Found) -> Errors:
    """The worst of all outputs, and of what a softmax at the end is given."""
    keys = [f"output:{name}" for name in network.outputs]
    heads = {_head(network, number) for number in network.outputs.values()} - {INPUT}
    keys += [network.layers[head].path for head in heads]
    both = [key for key in keys if key in found and key in expected]
    apart = [errors(found[key], expected[key]) for key in both]
    return max(apart, key=lambda each: each.relative)


def _head(network: Network, number: int) -> int:
    """The layer before a softmax, and before what does nothing."""
    if number == INPUT:
        return INPUT
    layer = network.layers[number]
    word = getattr(layer.primitive, "kind", layer.op)
    return _head(network, layer.sources[0]) if word in _PASSING else number


def first_difference(
    network: Network, found: Found, expected: Found, precision: Precision, limit: float
) -> tuple[NetworkLayer, str] | None:
    """The first layer that differs, and what shows it: its path or an `output:NAME`.

    Before the first layer that a framework computes in single precision, the strict
    tolerance holds.
    """
    allowed = TOLERANCES[precision]
    for layer in network.layers:
        if _computed_in_single(layer):
            allowed = limit
        if not equal(found, expected, layer.path, allowed):
            return layer, layer.path
    for name, number in network.outputs.items():
        if not equal(found, expected, f"output:{name}", limit):
            return network.layers[number], f"output:{name}"
    return None
