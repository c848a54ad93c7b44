"""What a process has to know of a network to report its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from archspec.network import INPUT, Network


class Structure(NamedTuple):
    """Layers, blocks and later runs, as an `Order` has them."""

    layers: Mapping[str, str | None]
    """Each layer, and the one before it if there is just one."""
    blocks: Mapping[str, str]
    """Each use of a block, and its last layer."""
    later_runs: Mapping[str, Sequence[str]]
    """What runs again, with the paths of its later runs in their order."""


def structure(network: Network) -> Structure:
    """That of a network."""
    layers = network.layers
    before = {
        layer.path: layers[layer.sources[0]].path
        if len(layer.sources) == 1 and layer.sources[0] > INPUT
        else None
        for layer in layers
    }
    blocks = {
        use.path: inside[-1]
        for use in network.root.walk()
        if use.block
        if (inside := [path for path in before if path.startswith(f"{use.path}.")])
    }
    later_runs: dict[str, list[str]] = {}
    for later, first in network.later_runs.items():
        later_runs.setdefault(first, []).append(later)
    return Structure(before, blocks, later_runs)
