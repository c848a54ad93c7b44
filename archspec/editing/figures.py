"""What a network's layers are and cost, by the names that a document has for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from archspec.language.layers import inner_layers
from archspec.network import Instance, Network, Step


class Cost(NamedTuple):
    """Parameters and MACs."""

    parameters: int = 0
    macs: int = 0

    def __add__(self, other: object) -> Cost:
        if not isinstance(other, Cost):
            return NotImplemented
        return Cost(self.parameters + other.parameters, self.macs + other.macs)


@dataclass(frozen=True)
class Figures:
    """A network and those of its variants."""

    network: Network
    variants: Mapping[str, Network]

    @cached_property
    def uses(self) -> Mapping[str, list[Instance]]:
        """The uses of each block; the document itself has no name."""
        found: dict[str, list[Instance]] = defaultdict(list)
        for instance in self.network.root.walk():
            found[instance.block or ""].append(instance)
        return found

    @cached_property
    def costs(self) -> Mapping[str, Cost]:
        """The cost of everything below a path."""
        found: dict[str, Cost] = defaultdict(Cost)
        for layer in self.network.layers:
            own = Cost(layer.parameters, layer.macs)
            parts = layer.path.split(".")
            for length in range(1, len(parts) + 1):
                found[".".join(parts[:length])] += own
        return found

    @property
    def total(self) -> Cost:
        """Of the whole network."""
        return Cost(self.network.parameters, self.network.macs)

    @property
    def layers(self) -> list[list[object]]:
        """What each network computes: the ops of its layers and what they read."""
        networks = (self.network, *self.variants.values())
        return [
            [(x.primitive, x.sources, x.output) for x in n.layers] for n in networks
        ]

    def steps(self, block: str, layer: str, row: str = "") -> list[Step]:
        """All runs of a layer, or of a row of a table, in every use of its block."""
        return [*chain.from_iterable(self.runs(block, layer, row))]

    def runs(self, block: str, layer: str, row: str = "") -> Iterator[list[Step]]:
        """The same for each use that runs it."""
        found = (use.steps.get(layer, ()) for use in self.uses.get(block, ()))
        own = ([s for s in steps if not row or s.row == row] for steps in found)
        yield from filter(None, own)

    def cost(self, block: str, layer: str, row: str = "") -> Cost:
        """Of a layer or row in all uses of its block, branches of a join included."""
        total, suffix = Cost(), f".{row}" if row else ""
        for use in self.uses.get(block, ()):
            prefix = f"{use.path}." if use.path else ""
            for name in self._names(block, layer):
                total += self.costs.get(f"{prefix}{name}{suffix}", Cost())
        return total

    def _names(self, block: str, layer: str) -> list[str]:
        """A layer and those in its branches."""
        document = self.network.document
        layers = document.blocks[block].layers if block else document.layers
        found = (inner for name, inner in inner_layers(layers) if name == layer)
        return [str(name) for own in found for name, _ in inner_layers({layer: own})]
