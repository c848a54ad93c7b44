"""Layers that were elaborated once, to be counted wherever they are used again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from archspec.analysis.buffers import padded_size
from archspec.elaboration.frames import Tensor
from archspec.network import INPUT, NetworkLayer
from archspec.ops import JOINS, Op


class Facts(NamedTuple):
    """What a layer costs, and `kind`, what its memory depends on besides sizes.

    `output` is how many numbers that has, `channels` how many channels; `scores` and
    `padded` are what else is in memory, `weights` and `biases` the numbers in weights.
    """

    op: Op
    parameters: int
    trainable_parameters: int
    macs: int
    attention_macs: int
    output: int
    channels: int
    scores: int
    padded: int
    weights: int
    biases: int
    kind: tuple[Any, ...]

    @classmethod
    def of(cls, layer: NetworkLayer) -> Facts:
        """Those of one layer."""
        weights = layer.weights
        biases = weights["bias"].size if "bias" in weights else 0
        scores, padded = layer.scratch, padded_size(layer)
        return cls(
            layer.primitive,
            layer.parameters,
            layer.trainable_parameters,
            layer.macs,
            layer.attention_macs,
            prod(layer.output),
            layer.output[0],
            scores,
            padded,
            sum(weight.size for weight in weights.values()) - biases,
            biases,
            (*_kind(layer), bool(scores), bool(padded)),
        )


class Counts(NamedTuple):
    """The facts of layers: what they add up to, and the numbers of each layer."""

    parameters: int
    trainable_parameters: int
    macs: int
    attention_macs: int
    outputs: tuple[int, ...]
    channels: tuple[int, ...]
    scores: tuple[int, ...]
    padded: tuple[int, ...]
    weights: tuple[int, ...]
    biases: tuple[int, ...]

    @classmethod
    def of(cls, facts: Sequence[Facts]) -> Counts:
        """Those of all layers."""
        return cls(
            sum(each.parameters for each in facts),
            sum(each.trainable_parameters for each in facts),
            sum(each.macs for each in facts),
            sum(each.attention_macs for each in facts),
            tuple(each.output for each in facts),
            tuple(each.channels for each in facts),
            tuple(each.scores for each in facts),
            tuple(each.padded for each in facts),
            tuple(each.weights for each in facts),
            tuple(each.biases for each in facts),
        )


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
    known: tuple[Counts, int] | None = None
    """What the layers add up to, and the number of their structure, once counted."""

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


def _kind(layer: NetworkLayer) -> tuple[Any, ...]:
    op = layer.primitive
    return (
        layer.op,
        op.in_place,
        op.is_view,
        op.elementwise,
        op.linear,
        getattr(op, "kind", None),
        "bias" in layer.weights_read,
        layer.op in JOINS and tuple(shape == layer.output for shape in layer.inputs),
    )
