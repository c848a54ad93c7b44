"""What layers move through memory, and what that allows (Williams et al. 2009)."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from archspec.network import Network

FLOAT = 4
"""Bytes of a number in float32."""


class Work(NamedTuple):
    """What layers that run as one do, for a batch: MACs, and bytes read or written.

    Idle layers and views move nothing.
    """

    macs: int
    bytes: int

    @property
    def intensity(self) -> float | None:
        """MACs for each byte."""
        return self.macs / self.bytes if self.bytes else None


class Roof(NamedTuple):
    """What a machine does at most."""

    macs_per_second: float
    bytes_per_second: float

    @property
    def ridge(self) -> float:
        """The MACs per byte below which memory is the bound."""
        return self.macs_per_second / self.bytes_per_second

    def seconds(self, work: Work) -> float:
        """The least that it could take, everything read from memory once."""
        least = work.macs / self.macs_per_second, work.bytes / self.bytes_per_second
        return max(least)

    def bound(self, work: Work) -> str:
        """`memory` or `compute`; "" of what moves nothing."""
        intensity = work.intensity
        if intensity is None:
            return ""
        return "memory" if intensity < self.ridge else "compute"


def work(network: Network, numbers: Sequence[int], batch: int) -> Work:
    """What these layers, by their numbers, do as one: tensors between them are free."""
    layers = [network.layers[number] for number in numbers]
    if all(layer.is_idle or layer.primitive.is_view for layer in layers):
        return Work(0, 0)
    within = {*numbers}
    read = {source for layer in layers for source in layer.sources} - within
    readers: dict[int, set[int]] = {number: set() for number in numbers}
    for reader, layer in enumerate(network.layers):
        for source in within.intersection(layer.sources):
            readers[source].add(reader)
    kept = {*network.outputs.values()}
    written = [n for n, who in readers.items() if n in kept or not who <= within]
    tensors = sum(prod(network.shape(number)) for number in (*read, *written))
    weights = sum(w.size for layer in layers for w in layer.weights_read.values())
    macs = sum(layer.macs for layer in layers)
    return Work(batch * macs, FLOAT * (batch * tensors + weights))
