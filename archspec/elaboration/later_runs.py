"""Layers that run again: they work with the weights of their first run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.network import NetworkLayer
from archspec.ops import Shape
from archspec.reading.nodes import Word, fail

_KINDS = {1: "a vector", 2: "a sequence", 3: "a feature map"}


def check_alike(name: Word, first: Shape, again: Shape) -> None:
    """Raise SpecError (AS308) unless a layer can read both shapes with its weights."""
    if len(first) != len(again):
        kinds = f"{_KINDS[len(first)]}, and now {_KINDS[len(again)]}"
        fail("AS308", f"'{name}' runs again, but read {kinds}", name.place)
    if first[0] != again[0]:
        message = (
            f"'{name}' runs again, but read {first[0]} channels, and now {again[0]}"
        )
        help = "its weights fit one number of channels: add a conv or dense before it"
        fail("AS308", message, name.place, help)


def as_later_runs(
    name: Word,
    layers: Sequence[NetworkLayer],
    known: Mapping[str, NetworkLayer],
    paths: tuple[str, str],
) -> list[NetworkLayer]:
    """The layers of a later run, each with the path of its first one.

    `known` has all layers by their paths; `paths` are those of this run and of the
    first. Raises SpecError (AS308) where a weight has another shape, as a dense layer
    behind `flatten` has at another size.
    """
    own, first = paths
    found: list[NetworkLayer] = []
    for layer in layers:
        owner = first + (layer.first_run or layer.path).removeprefix(own)
        _check_weights(name, known[owner], layer)
        found.append(layer._replace(first_run=owner))
    return found


def _check_weights(name: Word, first: NetworkLayer, again: NetworkLayer) -> None:
    before, now = first.weights_read, again.weights_read
    other = next((n for n in now if before[n].shape != now[n].shape), None)
    if other is not None:
        shapes = f"of shape {before[other].shape}, and now {now[other].shape}"
        message = f"'{name}' runs again, but {first.path}.{other} was {shapes}"
        help = "it depends on the size of the feature map: give it the same size"
        fail("AS308", message, name.place, help)
