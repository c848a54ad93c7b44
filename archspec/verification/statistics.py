"""Moving statistics after a training step, as far as frameworks agree on them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from archspec.network import Network, NetworkLayer
from archspec.verification.random_data import training_batch
from archspec.verification.trial import Trial
from archspec.weights.checks import Arrays


def biased_variances(trial: Trial, after: Arrays) -> Arrays:
    """The moving variances as if each batch's had been divided by n, not by n - 1."""
    found: dict[str, Any] = {}
    for runs in _norms(trial.network):
        layer = trial.network.layers[runs[0]]
        name = f"{layer.path}.variance"
        op: Any = layer.primitive
        count = training_batch(trial.network) * _positions(layer)
        kept = op.decay ** len(runs) * trial.weights[name].astype(float)
        found[name] = kept + (after[name] - kept) * (count - 1) / count
    return found


def incomparable(network: Network) -> set[str]:
    """The moving statistics of norms that run again, where these runs are not alike.

    Keras runs layers that do not read each other in an order of its own. For batches of
    several sizes, no factor makes PyTorch's variances those of the others.
    """
    layers = network.layers
    above: list[frozenset[int]] = []
    for layer in layers:
        own = frozenset(n for n in layer.sources if n >= 0)
        above.append(own.union(*(above[n] for n in own)))
    found: set[str] = set()
    for runs in _norms(network):
        path = layers[runs[0]].path
        if any(one not in above[other] for one, other in pairwise(runs)):
            found |= {f"{path}.mean", f"{path}.variance"}
        if len({_positions(layers[number]) for number in runs}) > 1:
            found.add(f"{path}.variance")
    return found


def _norms(network: Network) -> Iterator[list[int]]:
    """The numbers of all runs of each batch norm."""
    runs: dict[str, list[int]] = {}
    for number, layer in enumerate(network.layers):
        if layer.op == "batch_norm":
            runs.setdefault(layer.first_run or layer.path, []).append(number)
    yield from runs.values()


def _positions(layer: NetworkLayer) -> int:
    return int(np.prod(layer.inputs[0][1:]))
