"""Layers that were elaborated once, to be counted wherever they are used again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

from archspec.analysis.buffers import padded_size
from archspec.elaboration.frames import Tensor
from archspec.network import INPUT, NetworkLayer
from archspec.ops import JOINS


class Counts(NamedTuple):
    """What layers add up to, and numbers of each layer.

    `outputs` are the numbers in each output, of `channels`, `scores` and `padded` what
    else is in memory, `weights` and `biases` the numbers in weights.
    """

    parameters: int
    trainable_parameters: int
    macs: int
    attention_macs: int
    outputs: tuple[int, ...]
    scores: tuple[int, ...]
    padded: tuple[int, ...]
    weights: tuple[int, ...]
    biases: tuple[int, ...]
    channels: tuple[int, ...]


@dataclass(eq=False)
class Segment:
    """Layers in a row, whose `sources` begin anew.

    A source INPUT - n is the n-th of the tensors that they read. `ends` are the output,
    and then the layers that others may read by name; `runs` and `effort` are what they
    take of the limits.
    """

    layers: tuple[NetworkLayer, ...]
    output: Tensor
    ends: Mapping[str, Tensor]
    runs: int
    effort: int
    number: int | None = None
    """That of its structure, if it is known."""

    @cached_property
    def counts(self) -> Counts:
        """What the layers add up to."""
        layers = self.layers
        weights = [layer.weights for layer in layers]
        sizes = [sum(w.size for w in each.values()) for each in weights]
        biases = [each["bias"].size if "bias" in each else 0 for each in weights]
        return Counts(
            sum(layer.parameters for layer in layers),
            sum(layer.trainable_parameters for layer in layers),
            sum(layer.macs for layer in layers),
            sum(layer.attention_macs for layer in layers),
            tuple(prod(layer.output) for layer in layers),
            tuple(layer.scratch for layer in layers),
            tuple(map(padded_size, layers)),
            tuple(size - bias for size, bias in zip(sizes, biases, strict=True)),
            tuple(biases),
            tuple(layer.output[0] for layer in layers),
        )

    @cached_property
    def structure(self) -> tuple[Any, ...]:
        """All that memory depends on, but for the numbers in each tensor."""
        return tuple(map(_structure, self.layers))

    def placed(
        self, start: int, read: Sequence[int], prefix: str
    ) -> list[NetworkLayer]:
        """The layers from number `start` on, which read those with these numbers."""
        return [
            layer._replace(
                path=prefix + layer.path,
                sources=tuple(
                    source + start if source > INPUT else read[INPUT - source]
                    for source in layer.sources
                ),
                first_run=layer.first_run and prefix + layer.first_run,
            )
            for layer in self.layers
        ]


def _structure(layer: NetworkLayer) -> tuple[Any, ...]:
    op = layer.primitive
    return (
        layer.sources,
        layer.op,
        op.in_place,
        op.is_view,
        op.elementwise,
        op.linear,
        getattr(op, "kind", None),
        bool(layer.scratch),
        bool(padded_size(layer)),
        "bias" in layer.weights_read,
        layer.op in JOINS and tuple(shape == layer.output for shape in layer.inputs),
    )
