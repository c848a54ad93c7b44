"""What is in memory when, of networks that differ only in sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from archspec.analysis.buffers import Buffer, Buffers, Lifetime, alive, arena
from archspec.analysis.memory import folded_layers
from archspec.exploring.figures import ARENA
from archspec.exploring.segments import Counts
from archspec.network import Network


class Layout(NamedTuple):
    """When what is needed, by the figures in bytes, and which batch norms are folded.

    `biased` are those of them that leave a bias in the layer before. What is needed is
    a number of `Sizes`, with the first and last step as in `Buffer`.
    """

    layers: int
    needs: Mapping[str, Sequence[tuple[int, int, int]]]
    folded: Sequence[int]
    biased: Sequence[int]

    @classmethod
    def of(cls, network: Network) -> Layout:
        """That of a network, and of all that have its structure."""
        fused, over = Buffers.fused(network), Buffers.fused(network, joins=True)
        lifetimes = {
            "peak_activation_bytes": fused.lifetimes(),
            "peak_activation_bytes_as_written": Buffers.as_written(network).lifetimes(),
            "peak_activation_bytes_joins_in_place": over.lifetimes(),
            "peak_activation_bytes_attention_in_parts": over.lifetimes(scores=False),
            ARENA: Buffers.litert(network).lifetimes(),
        }
        folded, layers = folded_layers(fused), network.layers
        biased = [
            number
            for number in folded
            if "bias" not in layers[layers[number].sources[0]].weights_read
        ]
        needs = {
            name: _numbered(found, len(layers)) for name, found in lifetimes.items()
        }
        return cls(len(layers), needs, sorted(folded), biased)

    def peak(self, figure: str, sizes: Sequence[int]) -> int:
        """The most numbers that are alive at once."""
        buffers = [Buffer(sizes[n], a, b) for n, a, b in self.needs[figure]]
        return max(alive(buffers, self.layers)[: 2 * self.layers])

    def arena(self, sizes: Sequence[int], width: int) -> int:
        """Bytes of the arena of LiteRT Micro, for numbers of so many bytes."""
        needs = self.needs[ARENA]
        return arena(Buffer(width * sizes[n], a, b) for n, a, b in needs)

    def weight_bytes(
        self, counts: Iterable[Counts], width: int, bias_width: int, *, folded: bool
    ) -> int:
        """Bytes of all weights, of batch norms unless they are folded."""
        parts = [*counts]
        weights = [*chain.from_iterable(part.weights for part in parts)]
        biases = [*chain.from_iterable(part.biases for part in parts)]
        total = width * sum(weights) + bias_width * sum(biases)
        if not folded:
            return total
        channels = [*chain.from_iterable(part.channels for part in parts)]
        total -= width * sum(weights[number] for number in self.folded)
        total -= bias_width * sum(biases[number] for number in self.folded)
        return total + bias_width * sum(channels[number] for number in self.biased)


def sizes(inputs: Iterable[int], counts: Sequence[Counts]) -> list[int]:
    """Numbers in each output, in scores, in what is padded, and in each input."""
    outputs = chain.from_iterable(part.outputs for part in counts)
    scores = chain.from_iterable(part.scores for part in counts)
    padded = chain.from_iterable(part.padded for part in counts)
    return [*outputs, *scores, *padded, *inputs]


_ORDER = ("output", "scores", "padded", "input")
"""Of `sizes`."""


def _numbered(found: Iterable[Lifetime], layers: int) -> list[tuple[int, int, int]]:
    return [
        (_ORDER.index(kind) * layers + number, first, last)
        for kind, number, first, last in found
    ]
