"""The weights of a network whose batch norms are folded, from those that were trained.

Behind a layer with weight w and bias b, batch norm by its moving statistics gives
scale * (w x + b - mean) / sqrt(variance + epsilon) + shift, which is a layer with
another weight and bias (Jacob et al. 2017, section 3.2).
"""

from __future__ import annotations

from typing import cast

import numpy as np

from archspec.network import Network, NetworkLayer
from archspec.ops import BatchNorm
from archspec.weights.convert import Arrays

_OUTPUT_AXIS = {"conv": 0, "depthwise_conv": 0, "transposed_conv": 1, "dense": 0}


def fold_weights(network: Network, folded: Network, weights: Arrays) -> Arrays:
    """Canonical weights of `folded` (`elaboration.fold`) from those of `network`.

    What changes is calculated in float64 and rounded once, to float32 if the layer's
    weight was no float64; the rest are the same arrays. Raises ValueError if names or
    shapes do not fit, or if a variance and its epsilon are not above 0.
    """
    _check(network, weights)
    kept = {layer.path for layer in folded.layers}
    found = {
        name: array
        for name, array in weights.items()
        if name.rpartition(".")[0] in kept
    }
    for norm in network.layers:
        if norm.path not in kept:
            found |= _folded(network.layers[norm.sources[0]], norm, weights)
    return found


def _folded(layer: NetworkLayer, norm: NetworkLayer, weights: Arrays) -> Arrays:
    """The weight and bias with which the layer does the work of both."""
    scale, shift, mean, variance = (
        weights[f"{norm.path}.{name}"].astype(np.float64)
        for name in ("scale", "shift", "mean", "variance")
    )
    divisor = variance + cast(BatchNorm, norm.primitive).epsilon
    if not (divisor > 0).all():
        raise ValueError(f"{norm.path}.variance is not above -epsilon")
    factor = scale / np.sqrt(divisor)
    weight = weights[f"{layer.path}.weight"]
    bias = weights.get(f"{layer.path}.bias", np.zeros_like(mean))
    along = [1] * weight.ndim
    along[_OUTPUT_AXIS[layer.op]] = -1
    kind = np.promote_types(weight.dtype, np.float32)
    return {
        f"{layer.path}.weight": (weight * factor.reshape(along)).astype(kind),
        f"{layer.path}.bias": ((bias - mean) * factor + shift).astype(kind),
    }


def _check(network: Network, weights: Arrays) -> None:
    """Raise ValueError unless these are the network's weights."""
    shapes = {
        f"{layer.path}.{name}": weight.shape
        for layer in network.layers
        for name, weight in layer.weights.items()
    }
    if odd := weights.keys() ^ shapes.keys():
        raise ValueError(f"weights on one side only: {', '.join(sorted(odd))}")
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise ValueError(f"{name} is {weights[name].shape}, but expected {shape}")
