"""What inference holds in memory for one image: weights, and activations at their peak.

Nothing here depends on a framework; `buffers` says what is alive when.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

from archspec.analysis.buffers import Buffers, Peak, arena
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
    fused, over = Buffers.fused(network), Buffers.fused(network, joins=True)
    joins = tuple(network.layers[n].path for n in over.shared if n not in fused.shared)
    weights = weight_bytes(network, dtype)
    folded = weight_bytes(network, dtype, folded_layers(fused))

    def form(name: str, weights: int, peak: Peak, *in_place: str) -> Form:
        activations = peak.numbers * BYTES[dtype]
        return Form(name, weights, activations, peak.layer, in_place)

    return [
        form("as written", weights, Buffers.as_written(network).peak()),
        form("fused", folded, fused.peak()),
        form("joins in place", folded, over.peak(), *joins),
        form("attention in parts", folded, over.peak(scores=False), *joins),
    ]


def fused_activations(network: Network, dtype: Dtype = "float32") -> int:
    """Bytes of the activations of one image at their peak, when layers are fused."""
    return Buffers.fused(network).peak().numbers * BYTES[dtype]


def litert_arena(network: Network, dtype: Dtype) -> int:
    """Bytes of the arena of LiteRT Micro, without what its kernels keep for good."""
    return arena(Buffers.litert(network).buffers(BYTES[dtype]))


def weight_bytes(
    network: Network, dtype: Dtype, folded: Container[int] = frozenset()
) -> int:
    """Bytes of all weights; those of `folded` layers are in the biases before them."""
    width, bias_width = BYTES[dtype], bias_bytes(dtype)
    return sum(
        size * (bias_width if name == "bias" else width)
        for name, size in _weights(network, folded)
    )


def bias_bytes(dtype: Dtype) -> int:
    """Bytes of a number in a bias."""
    return INT8_BIAS if dtype == "int8" else BYTES[dtype]


def _weights(network: Network, folded: Container[int]) -> Iterator[tuple[str, int]]:
    """Each weight's name in its layer, and how many numbers it has."""
    for number, layer in enumerate(network.layers):
        if number not in folded:
            yield from ((name, weight.size) for name, weight in layer.weights.items())
        elif "bias" not in network.layers[layer.sources[0]].weights_read:
            yield "bias", layer.output[0]


def folded_layers(fused: Buffers) -> frozenset[int]:
    """The batch norms that alone read a linear layer."""
    layers = fused.network.layers
    return frozenset(
        number
        for number in fused.shared
        if layers[number].op == "batch_norm"
        and layers[layers[number].sources[0]].primitive.linear
    )
