"""A network's weights in the order of its ops, and in a framework's.

The canonical name of a weight is its layer's path with the op's name for it
(`stem.conv.weight`), its axes are those of the op. What a framework calls it and how it
orders the axes is in the target's manifest; axes are written as einops does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np

from archspec.network import Network
from archspec.ops import Shape

Arrays = Mapping[str, np.ndarray[Any, Any]]

_CANONICAL = {
    "conv": "out in height width",
    "depthwise_conv": "(channel multiplier) 1 height width",
    "transposed_conv": "in out height width",
    "dense": "out in",
}


class _Side(NamedTuple):
    name: str
    axes: list[list[str]]

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        return tuple(prod(sizes[axis] for axis in group) for group in self.axes)

    @property
    def order(self) -> list[str]:
        return [axis for group in self.axes for axis in group if axis != "1"]


def to_target(network: Network, manifest: Mapping[str, Any], weights: Arrays) -> Arrays:
    """Canonical weights as the target's; ValueError if names or shapes do not fit."""
    return _moved(list(_places(network, manifest)), weights)


def from_target(
    network: Network, manifest: Mapping[str, Any], weights: Arrays
) -> Arrays:
    """The target's weights as canonical; ValueError if names or shapes do not fit."""
    places = [(new, old, sizes) for old, new, sizes in _places(network, manifest)]
    return _moved(places, weights)


def _moved(places: list[tuple[_Side, _Side, dict[str, int]]], weights: Arrays):
    if odd := weights.keys() ^ {old.name for old, _, _ in places}:
        raise ValueError(f"weights on one side only: {', '.join(sorted(odd))}")
    moved: dict[str, np.ndarray[Any, Any]] = {}
    for old, new, sizes in places:
        array, expected = weights[old.name], old.shape(sizes)
        if array.shape != expected:
            raise ValueError(f"{old.name} is {array.shape}, but expected {expected}")
        split = array.reshape([sizes[axis] for axis in old.order])
        turned = split.transpose([old.order.index(axis) for axis in new.order])
        moved[new.name] = turned.reshape(new.shape(sizes))
    return moved


def _places(
    network: Network, manifest: Mapping[str, Any]
) -> Iterator[tuple[_Side, _Side, dict[str, int]]]:
    """Each weight here, in the target, and the sizes of its axes."""
    dot, before = manifest["weight_path"]["dot"], manifest["weight_path"]["before"]
    for layer in network.layers:
        for name, weight in layer.weights.items():
            there = manifest["weights"][layer.op][name]
            axes = _CANONICAL[layer.op] if len(weight.shape) > 1 else "out"
            here = _Side(f"{layer.path}.{name}", _groups(axes))
            sizes = _sizes(here.axes, weight.shape, layer.inputs[0][0])
            target = layer.path.replace(".", dot) + before + there["name"]
            yield here, _Side(target, _groups(there.get("axes", axes))), sizes


def _sizes(axes: list[list[str]], shape: Shape, channels: int) -> dict[str, int]:
    """The size of each axis; where several are one, only the last is unknown."""
    sizes = {"1": 1, "channel": channels}
    for group, size in zip(axes, shape, strict=True):
        sizes[group[-1]] = size // prod(sizes[axis] for axis in group[:-1])
    return sizes


def _groups(axes: str) -> list[list[str]]:
    return [part.strip("()").split() for part in re.findall(r"\([^)]*\)|\S+", axes)]
