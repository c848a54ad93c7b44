"""The weights of a network whose batch norms are folded, from the trained ones."""

from __future__ import annotations

import numpy as np

from archspec.network import Network, NetworkLayer
from archspec.targets import folding
from archspec.weights.checks import Arrays, check


def fold_weights(network: Network, folded: Network, weights: Arrays) -> Arrays:
    """Canonical weights of `folded` (`language.fold`) from those of `network`.

    What changes is calculated in float64 and rounded once, to float32 if the layer's
    weight was no float64; the rest are the same arrays. Raises WeightsError if they do
    not fit, or if a variance and its epsilon are not above 0 (AS515).
    """
    check(weights, network.weight_shapes)
    kept = {layer.path for layer in folded.layers}
    found = {
        name: array
        for name, array in weights.items()
        if name.rpartition(".")[0] in kept
    }
    for norm in network.layers:
        if norm.path not in kept and not norm.first_run:
            found |= _folded(network.layers[norm.sources[0]], norm, weights)
    return found


def _folded(layer: NetworkLayer, norm: NetworkLayer, weights: Arrays) -> Arrays:
    own, statistics = (
        {name: weights[f"{part.path}.{name}"] for name in part.weights}
        for part in (layer, norm)
    )
    kind = np.promote_types(own["weight"].dtype, np.float32)
    made = folding.folded(layer, own, norm, statistics)
    return {f"{layer.path}.{name}": array.astype(kind) for name, array in made.items()}
