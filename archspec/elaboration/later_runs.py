"""Layers that run again: they work with the weights of their first run."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.network import NetworkLayer, Step
from archspec.ops import Shape
from archspec.ops.shapes import kind
from archspec.reading.nodes import Word, fail


def check_alike(
    name: Word, tensors: Sequence[str], first: Sequence[Shape], again: Sequence[Shape]
) -> None:
    """Raise SpecError (AS308) unless a layer can read other shapes with its weights.

    The shapes are those of its input, and then of its tensor arguments.
    """
    reads = ["read", *(f"its '{tensor}' had" for tensor in tensors)]
    for said, old, new in zip(reads, first, again, strict=True):
        found = f"a {kind(old)}, and now a {kind(new)}"
        help = ""
        if len(old) == len(new):
            found = f"{old[0]} channels, and now {new[0]}"
            help = (
                "its weights fit one number of channels: add a conv or dense before it"
            )
        if len(old) != len(new) or old[0] != new[0]:
            message = f"'{name}' runs again, but {said} {found}"
            fail("AS308", message, name.place, help)


def as_later_run(name: Word, layer: NetworkLayer, first: NetworkLayer) -> NetworkLayer:
    """The layer with the weights of its first run.

    Raises SpecError (AS308) where they have another shape.
    """
    before, now = first.weights_read, layer.weights_read
    other = next((n for n in now if before[n].shape != now[n].shape), None)
    if other is not None:
        shapes = f"of shape {before[other].shape}, and now {now[other].shape}"
        message = f"'{name}' runs again, but {first.path}.{other} was {shapes}"
        help = "it depends on the size of the feature map: give it the same size"
        fail("AS308", message, name.place, help)
    return layer._replace(first_run=first.path)


def mark_uses(later: Step, first: Step) -> None:
    """Note in each use of a block which one it runs again."""
    for use in later.inner.walk() if later.inner else ():
        of_first = use.first_run or use.path
        use.first_run = first.path + of_first.removeprefix(later.path)
