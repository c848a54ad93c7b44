"""Which layers and rows are read by their names."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.language import JoinLayer, Layer, OpLayer
from archspec.language.names import inner_layers


def references(layers: Mapping[str, Layer]) -> frozenset[str]:
    """The layers and rows that something reads by their names."""
    found: set[str | None] = set()
    for _, layer in inner_layers(layers):
        found.add(layer.origin and layer.origin.text)
        if isinstance(layer, OpLayer):
            found.add(layer.like and layer.like.text)
        if isinstance(layer, JoinLayer):
            found |= {b.origin and b.origin.text for b in layer.branches.values()}
    return frozenset(name for name in found if name)
