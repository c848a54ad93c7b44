"""Random weights and images, the same for every target."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from archspec.network import INPUT, Network
from archspec.ops import Shape
from archspec.weights.checks import Arrays
from archspec.weights.initial import stream

BATCH = 2

ENOUGH = 16
"""Over so many numbers a batch norm averages in training: the fewer there are, the less
its gradient depends on any, and the more on rounding."""


QUIET = 4
"""The divisor of the weights that compute queries."""

ROUNDINGS = 4
"""By how many a weight is off to see what roundings do to a gradient."""


def random_weights(network: Network, seed: int) -> Arrays:
    """Numbers for every weight, statistics included: fresh ones hide what is swapped.

    float32, so that both precisions get the same numbers. Such that the image matters
    in the output, and rounding errors do not: shifts as large as scales keep most units
    at work, and both together reach the ends of relu6 and hard sigmoids. Queries are
    quiet: of loud ones a softmax sees the largest alone, and roundings decide which.
    """
    shapes = network.weight_shapes.items()
    numbers = {name: _numbers(name, shape, seed) for name, shape in shapes}
    for path in _queries(network):
        if (name := f"{path}.weight") in numbers:
            numbers[name] /= QUIET
    return numbers


def _queries(network: Network) -> set[str]:
    """The layers that attention reads as queries."""
    attending = (layer for layer in network.layers if layer.primitive.attends)
    read = {layer.sources[0] for layer in attending} - {INPUT}
    return {network.layers[number].path for number in read}


def _numbers(name: str, shape: Shape, seed: int) -> np.ndarray[Any, Any]:
    random = stream(seed, name)
    if len(shape) > 1:
        deviation = (2 / max(1, prod(shape[1:]))) ** 0.5
        return deviation * random.standard_normal(shape, np.float32)
    if name.endswith(".variance"):
        return random.uniform(0.5, 1.5, shape).astype(np.float32)
    if name.endswith(".mean"):
        return random.normal(1.0, 0.3, shape).astype(np.float32)
    return random.normal(2.0, 0.5, shape).astype(np.float32)


def training_batch(network: Network) -> int:
    """So many images that each batch norm averages over enough numbers."""
    norms = (layer for layer in network.layers if layer.op == "batch_norm")
    fewest = min((prod(norm.output[1:]) for norm in norms), default=ENOUGH)
    return max(BATCH, -(-ENOUGH // fewest))


def random_images(
    network: Network, seed: int, batch: int = BATCH
) -> np.ndarray[Any, Any]:
    """Noise, (batch, channels, height, width), float32.

    So loud that activations reach their ends: a quiet image takes relu6 for relu.
    """
    return random_inputs(network, seed, batch)[0]


def random_inputs(
    network: Network, seed: int, batch: int = BATCH
) -> list[np.ndarray[Any, Any]]:
    """The same for each input."""
    names = ["images", *(f"images {name}" for name in [*network.inputs][1:])]
    shapes = zip(names, network.inputs.values(), strict=True)
    return [
        4 * stream(seed, name).standard_normal((batch, *shape), np.float32)
        for name, shape in shapes
    ]


def random_cotangents(network: Network, seed: int, batch: int) -> Arrays:
    """The derivative of a loss by each output, named as the outputs are."""
    shapes = {name: network.shape(number) for name, number in network.outputs.items()}
    return {
        name: stream(seed, f"output {name}").standard_normal(
            (batch, *shape), np.float32
        )
        for name, shape in shapes.items()
    }


def perturbed(weights: Arrays, seed: int, name: str) -> Arrays:
    """In float64, each off by up to ROUNDINGS times the last digit of its kind."""
    amount = ROUNDINGS * float(np.finfo(np.float64).eps)
    found: dict[str, np.ndarray[Any, Any]] = {}
    for path, array in weights.items():
        random = stream(seed, f"{name} {path}")
        found[path] = array * random.uniform(1 - amount, 1 + amount, array.shape)
    return found
