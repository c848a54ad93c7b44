"""Weights moved by the manifests: bit by bit, and strictly."""

from __future__ import annotations

import numpy as np
import pytest

from archspec.errors import WeightsError
from archspec.targets.templates import manifest
from archspec.weights.moves import from_target, names_there, to_target

LAYERS = """
layers:
  conv: {conv: {filters: 8, kernel: [2, 3], groups: 2, bias: true}}
  depth: {depthwise_conv: {kernel: 3, multiplier: 3}}
  up: {transposed_conv: {filters: 5, kernel: [2, 4], bias: true}}
  norm: batch_norm
  units: {dense: 7, repeat: 2}
"""
SHAPES = {
    "torch": {
        "conv.weight": (8, 3, 2, 3), "conv.bias": (8,), "depth.weight": (24, 1, 3, 3),
        "up.weight": (24, 5, 2, 4), "norm.running_var": (5,), "units.0.weight": (7, 5),
    },
    "keras": {
        "conv/kernel": (2, 3, 3, 8), "conv/bias": (8,), "depth/kernel": (3, 3, 8, 3),
        "up/kernel": (2, 4, 5, 24), "norm/moving_variance": (5,),
        "units-0/kernel": (5, 7),
    },
    "nnx": {
        "conv.kernel": (2, 3, 3, 8), "conv.bias": (8,), "depth.kernel": (3, 3, 1, 24),
        "up.kernel": (2, 4, 24, 5), "norm.var": (5,), "units.layers.0.kernel": (5, 7),
    },
}  # fmt: skip


@pytest.fixture
def weights(network):
    """A network, and weights that are all different."""
    found = network(LAYERS).network
    shapes = {
        f"{layer.path}.{name}": weight.shape
        for layer in found.layers
        for name, weight in layer.weights.items()
    }
    return found, {
        name: np.random.default_rng(i).normal(size=shape)
        for i, (name, shape) in enumerate(shapes.items())
    }


@pytest.mark.parametrize("target", SHAPES)
def test_there_and_back(weights, target):
    network, canonical = weights
    moved = to_target(network, manifest(target), canonical)
    assert {name: moved[name].shape for name in SHAPES[target]} == SHAPES[target]
    back = from_target(network, manifest(target), moved)
    assert back.keys() == canonical.keys()
    assert all(np.array_equal(back[name], canonical[name]) for name in canonical)


def test_one_number_of_each_kernel(weights):
    """Output channel c * multiplier + j is the j-th filter of channel c."""
    network, canonical = weights
    keras = to_target(network, manifest("keras"), canonical)
    depth = canonical["depth.weight"]
    assert keras["depth/kernel"][1, 2, 4, 1] == depth[4 * 3 + 1, 0, 1, 2]
    assert keras["up/kernel"][1, 2, 3, 4] == canonical["up.weight"][4, 3, 1, 2]
    nnx = to_target(network, manifest("nnx"), canonical)
    assert nnx["depth.kernel"][1, 2, 0, 4 * 3 + 1] == depth[4 * 3 + 1, 0, 1, 2]
    assert nnx["up.kernel"][0, 1, 4, 3] == canonical["up.weight"][4, 3, 1, 2]


def test_copies_side_by_side_are_no_stack(network):
    """A stack has its layers under `layers` in Flax, a list by number alone."""
    unit = "unit: {layers: {a: {dense: {units: 2, bias: false}, repeat: 2}}}"
    join = "concat: {one: {repeat: 2, side: unit, more: {conv: 6}}, two: {}}"
    found = network(f"blocks: {{{unit}}}\nlayers: {{sum: {{{join}}}}}").network
    assert {target.name for target in names_there(found, manifest("nnx")).values()} == {
        f"{name}.kernel"
        for copy in "01"
        for name in (
            f"more.{copy}",
            f"side.{copy}.a.layers.0",
            f"side.{copy}.a.layers.1",
        )
    }


def test_strict(weights):
    network, canonical = weights
    wrong = [
        {k: v for k, v in canonical.items() if k != "norm.mean"},
        canonical | {"more.weight": np.zeros(3)},
        canonical | {"conv.bias": np.zeros(9)},
        canonical | {"conv.weight": np.zeros((3, 8, 2, 3))},
    ]
    for arrays, word in zip(
        wrong, ["norm.mean", "more.weight", "conv.bias", "conv.weight"], strict=True
    ):
        with pytest.raises(WeightsError, match=word):
            to_target(network, manifest("torch"), arrays)
