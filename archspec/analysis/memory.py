"""What inference holds in memory for one image: weights, and activations at their peak.

Nothing here depends on a framework; `buffers` says what is alive when.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archspec.analysis.buffers import Buffers, arena
from archspec.analysis.usage import BYTES, Dtype
from archspec.network import Network

INT8_BIAS = 4
"""Bytes of a bias beside weights of int8: sums of their products have 32 bits (Jacob et
al. 2018, Quantization and Training of Neural Networks, section 2.2)."""


class Form(NamedTuple):
    """Bytes of the weights and, at their peak, of the activations of one image.

    `layer` is the path of the layer at which the peak is; `in_place` has those of sums
    and products that are written over an input.
    """

    name: str
    weights: int
    activations: int
    layer: str
    in_place: tuple[str, ...] = ()


def forms(network: Network, dtype: Dtype = "float32") -> list[Form]:
    """What a network holds in several forms, each of which holds no more than the last.

    They are: as written, each layer with a buffer of its own; fused; fused with joins
    in place; and that with the scores of attention computed in parts, as flash
    attention does.
    """
    written, fused = Buffers.as_written(network), Buffers.fused(network)
    over = Buffers.fused(network, joins=True)
    joins = tuple(network.layers[n].path for n in over.shared if n not in fused.shared)

    def form(name: str, own: Buffers, *in_place: str, scores: bool = True) -> Form:
        peak = own.peak(scores=scores)
        activations = peak.numbers * BYTES[dtype]
        weights = weight_bytes(network, dtype, folded=bool(own.shared))
        return Form(name, weights, activations, peak.layer, in_place)

    return [
        form("as written", written),
        form("fused", fused),
        form("joins in place", over, *joins),
        form("attention in parts", over, *joins, scores=False),
    ]


def litert_arena(network: Network, dtype: Dtype) -> int:
    """Bytes of the arena of LiteRT Micro, without what its kernels keep for good."""
    return arena(Buffers.litert(network).buffers(BYTES[dtype]))


def weight_bytes(network: Network, dtype: Dtype, *, folded: bool) -> int:
    """Bytes of all weights; batch norms are in the biases before them if `folded`."""
    width = BYTES[dtype]
    bias_width = INT8_BIAS if dtype == "int8" else width
    return sum(
        size * (bias_width if name == "bias" else width)
        for name, size in _weights(network, folded)
    )


def _weights(network: Network, folded: bool) -> Iterator[tuple[str, int]]:
    """Each weight's name in its layer, and how many numbers it has."""
    gone = _folded(network) if folded else frozenset[int]()
    for number, layer in enumerate(network.layers):
        if number not in gone:
            yield from ((name, weight.size) for name, weight in layer.weights.items())
        elif "bias" not in network.layers[layer.sources[0]].weights_read:
            yield "bias", layer.output[0]


def _folded(network: Network) -> frozenset[int]:
    """The batch norms that alone read a linear layer."""
    shared = Buffers.fused(network).shared
    return frozenset(
        number
        for number in shared
        if network.layers[number].op == "batch_norm"
        and network.layers[network.layers[number].sources[0]].primitive.linear
    )
