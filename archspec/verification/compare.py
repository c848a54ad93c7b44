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

    Keras on TensorFlow has the slope of leaky_relu, the constants of gelu and of
    normalize, and the shares of a bilinear resize in single precision.
    """
    single = any(_computed_in_single(layer) for layer in network.layers)
    if precision == "float64" and "keras" in targets and single:
        return SINGLE
    return TOLERANCES[precision]


def training_tolerance(network: Network) -> float:
    """How far PyTorch and Keras may differ after a step, in float64.

    PyTorch's derivative of hard_sigmoid is a sixth in single precision.
    """
    kinds = {getattr(layer.primitive, "kind", None) for layer in network.layers}
    if kinds & _SINGLE_DERIVATIVES:
        return SINGLE
    return tolerance(network, "float64", ("torch", "keras"))


def _computed_in_single(layer: NetworkLayer) -> bool:
    kind = getattr(layer.primitive, "kind", None)
    mode = getattr(layer.primitive, "mode", None)
    return layer.op == "normalize" or kind in _SINGLE_KINDS or mode == "bilinear"


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


def output_errors(network: Network, found: Found, expected: Found) -> Errors:
    """The worst of all outputs; a softmax is compared by its input.

    Infinite errors where one of the two lacks an output.
    """
    worst = Errors(0.0, 0.0)
    for number in network.outputs.values():
        ends = [network.layers[n].path for n in (_head(network, number), number)]
        path = next((p for p in ends if p in found and p in expected), None)
        if path is None:
            return Errors(np.inf, np.inf)
        worst = max(worst, errors(found[path], expected[path]), key=_relative)
    return worst


def _relative(found: Errors) -> float:
    return found.relative


def _head(network: Network, number: int) -> int:
    """The layer before a softmax, and before what does nothing."""
    layer = network.layers[number]
    word = getattr(layer.primitive, "kind", layer.op)
    if word not in _PASSING or layer.sources[0] == INPUT:
        return number
    return _head(network, layer.sources[0])


def first_difference(
    network: Network, found: Found, expected: Found, limit: float
) -> tuple[NetworkLayer, float] | None:
    """The first layer that both have and that differs, and by how much."""
    for layer in network.layers:
        if layer.path not in found or layer.path not in expected:
            continue
        relative = errors(found[layer.path], expected[layer.path]).relative
        if relative > limit:
            return layer, relative
    return None
