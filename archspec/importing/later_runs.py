"""Layers that run again, with the weights of an earlier one beside them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from archspec.importing.draft import AGAIN, Layer
from archspec.importing.graph import Node, weights_of


def noted(layers: Iterable[tuple[Layer, Sequence[Node]]]) -> None:
    """Make layers of the weights of an earlier one run that again.

    Each layer comes with the nodes that it stands for. The earlier one becomes the last
    of its sources.
    """
    known: dict[Hashable, Layer] = {}
    for layer, nodes in layers:
        first = known.setdefault(weights_of(nodes), layer)
        if first is not layer and (first.op, first.said) == (layer.op, layer.said):
            layer.op, layer.said = AGAIN, {}
            layer.sources = (*layer.sources, first)


def is_next(layer: Layer, before: Layer) -> bool:
    """Whether a layer does once more to its input what the one before did."""
    same = (layer.op, layer.said) == (before.op, before.said)
    return same and layer.sources == (before, *before.sources[1:])
