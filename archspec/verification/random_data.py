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


def random_weights(network: Network, seed: int) -> Arrays:
    """Numbers for every weight, statistics included: fresh ones hide what is swapped.

    float32, so that both precisions get the same numbers. Such that the image matters
    in the output, and rounding errors do not: shifts as large as scales keep most units
    at work, and both together reach the ends of relu6 and hard sigmoids.
    """
    shapes = network.weight_shapes.items()
    return {name: _numbers(name, shape, seed) for name, shape in shapes}


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


def random_images(network: Network, seed: int) -> np.ndarray[Any, Any]:
    """Noise, (BATCH, channels, height, width), float32.

    So loud that activations reach their ends: a quiet image takes relu6 for relu.
    """
    shape = BATCH, *network.input_shape
    return 4 * stream(seed, "images").standard_normal(shape, np.float32)


def random_cotangents(network: Network, seed: int) -> Arrays:
    """The derivative of a loss by each output, named as the outputs are."""
    shapes = {
        name: network.input_shape if number == INPUT else network.layers[number].output
        for name, number in network.outputs.items()
    }
    return {
        name: stream(seed, f"output {name}").standard_normal(
            (BATCH, *shape), np.float32
        )
        for name, shape in shapes.items()
    }
