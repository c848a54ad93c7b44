"""Fresh weights, drawn as the spec's initialisers say.

Each weight has a stream of its own, named by the seed and the weight, so that layers
which two variants share start with the same numbers.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from archspec.network import Network, NetworkLayer
from archspec.ops import Shape
from archspec.ops.fields import TRUNCATED, Initializer
from archspec.weights.checks import Arrays


def fresh(network: Network, seed: int = 0) -> Arrays:
    """Canonical weights to start training from, float32."""
    return {
        (path := f"{layer.path}.{name}"): _weight(layer, name, stream(seed, path))
        for layer in network.layers
        for name in layer.weights
    }


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one weight."""
    return np.random.default_rng([seed, *name.encode()])


def _weight(layer: NetworkLayer, name: str, random: np.random.Generator) -> Any:
    shape, initial, _ = layer.weights[name]
    if initial is not None:
        return np.full(shape, initial, np.float32)
    op: Any = layer.primitive
    deviation = _deviation(op, shape)
    unit = _drawn(op.initializer[0], shape, random)
    return (deviation * unit).astype(np.float32)


def _drawn(distribution: str, shape: Shape, random: np.random.Generator) -> Any:
    """Numbers of mean 0 and standard deviation 1."""
    if distribution == "uniform":
        return random.uniform(-(3**0.5), 3**0.5, shape)
    numbers = random.standard_normal(shape)
    if distribution == "normal":
        return numbers
    while (outside := np.abs(numbers) > 2).any():
        numbers[outside] = random.standard_normal(int(outside.sum()))
    return numbers / TRUNCATED


def _deviation(op: Any, shape: Shape) -> float:
    """The standard deviation; a kernel's fans are its channels times its area."""
    rule: Initializer = op.initializer
    if len(rule) == 2:
        return rule[1]
    outputs, inputs = shape[0] * prod(shape[2:]), prod(shape[1:])
    if op.weight_axes.startswith("in"):
        outputs, inputs = inputs, outputs
    fans = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}
    return (rule[2] / fans[rule[1]]) ** 0.5
