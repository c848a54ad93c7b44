"""Layers that run again: they work with the weights of their first run."""

from __future__ import annotations

from archspec.language import Block
from archspec.network import NetworkLayer, Step
from archspec.ops import Shape
from archspec.ops.shapes import kind
from archspec.reading.nodes import Word, fail


def check_alike(name: Word, first: Shape, again: Shape) -> None:
    """Raise SpecError (AS308) unless a layer can read both shapes with its weights."""
    if len(first) != len(again):
        kinds = f"a {kind(first)}, and now a {kind(again)}"
        fail("AS308", f"'{name}' runs again, but read {kinds}", name.place)
    if first[0] != again[0]:
        channels = f"{first[0]} channels, and now {again[0]}"
        message = f"'{name}' runs again, but read {channels}"
        help = "its weights fit one number of channels: add a conv or dense before it"
        fail("AS308", message, name.place, help)


def check_reads_one(name: Word, block: Block | None) -> None:
    """Raise SpecError (AS311) for a block with tensor arguments."""
    if block is not None and block.tensors:
        message = f"'{name}' cannot run again: it reads several tensors"
        fail("AS311", message, name.place, "join them before the block")


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
