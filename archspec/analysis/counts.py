"""What a counter makes of a network, as data: archspec's own, or another tool's."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from archspec.network import Network

Counter = Literal[
    "archspec", "torch", "fvcore", "ptflops", "thop", "torchinfo", "keras"
]


class Counts(NamedTuple):
    """The figures of a counter for one image; `unit` is what it calls them."""

    counter: str
    tool: str
    unit: str
    note: str
    layers: tuple[int, ...]
    """One for each layer of the network."""

    @property
    def total(self) -> int:
        """The figure that the tool prints."""
        return sum(self.layers)

    def as_data(self) -> dict[str, Any]:
        """Without the layers, as in `flops --format json`."""
        return {
            "name": self.counter,
            "tool": self.tool,
            "unit": self.unit,
            "total": self.total,
        }


def own_counts(network: Network) -> Counts:
    """The MACs that archspec counts."""
    macs = tuple(layer.macs for layer in network.layers)
    return Counts("archspec", "archspec", "MACs", "", macs)
