"""The cost of a network as plain data: `archspec flops --format json`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from math import prod
from typing import Any, NamedTuple

from archspec.language.document import Figures, Quantity
from archspec.network import INPUT, Network, NetworkLayer
from archspec.ops import Shape

COUNTING = "weights-and-attention"
"""One MAC for each weight of a convolution or dense layer at each output position.

And for each product of two activations that attention sums. Biases, softmax,
normalisation, activations, pooling, sums and gates are none.
"""

FLOAT32 = 4
"""Bytes."""


def cost_document(network: Network) -> dict[str, Any]:
    """The totals, then every primitive and join in order; shapes are channels first."""
    return {
        **totals(network),
        "counting": COUNTING,
        "peak_activation_bytes": peak_activation_bytes(network),
        "fused_peak_activation_bytes": peak_activation_bytes(network, fused=True),
        "reported": _reported(network),
        "preprocessing": _preprocessing(network),
        "layers": [_layer(layer) for layer in network.layers],
    }


def totals(network: Network) -> dict[str, Any]:
    """What a network is and costs; shapes are channels first."""
    return {
        "name": network.name,
        "variant": network.spec.variant,
        "input_shape": _listed(network.input_shape),
        "output_shape": _listed(network.output_shape),
        "parameters": network.parameters,
        "trainable_parameters": network.trainable_parameters,
        "macs": network.macs,
        "attention_macs": network.attention_macs,
        "flops": network.flops,
    }


def _listed(shape: Shape | dict[str, Shape]) -> list[int] | dict[str, list[int]]:
    if isinstance(shape, dict):
        return {name: list(part) for name, part in shape.items()}
    return list(shape)


def peak_activation_bytes(network: Network, *, fused: bool = False) -> int:
    """The most that is alive at once: float32, one image, nothing done in place.

    Layers run in the order written. While one runs, its inputs, its output and all
    that later layers or the network's outputs still read are alive, and the matrix of
    scores of an attention, unless a `fused` kernel computes it in parts.
    """
    end = len(network.layers)
    last_use = {
        source: number
        for number, layer in enumerate(network.layers)
        for source in layer.sources
    } | dict.fromkeys(network.outputs.values(), end)
    shapes = network.inputs.values()
    sizes = {INPUT - number: prod(shape) for number, shape in enumerate(shapes)}
    alive = peak = sum(sizes.values())
    for number, layer in enumerate(network.layers):
        sizes[number] = prod(layer.output)
        alive += sizes[number]
        peak = max(peak, alive + (0 if fused else layer.scratch))
        done = {s for s in (*layer.sources, number) if last_use.get(s, -1) <= number}
        alive -= sum(sizes[source] for source in done)
    return FLOAT32 * peak


class FigureComparison(NamedTuple):
    """A reported figure with the computed one; `key` is its key under `reported`."""

    key: str
    name: str
    quantity: Quantity
    computed: int

    @property
    def difference(self) -> str:
        """In percent, or none."""
        return difference(self.computed, self.quantity)


def compared_figures(network: Network) -> Iterator[FigureComparison]:
    """The reported figures; the parameters of a paper are the trainable ones."""
    figures = network.reported or Figures()
    trainable = network.trainable_parameters
    if figures.parameters is not None:
        name = "trainable parameters"
        yield FigureComparison("parameters", name, figures.parameters, trainable)
    if figures.macs is not None:
        yield FigureComparison("macs", "MACs", figures.macs, network.macs)


def difference(computed: int, quantity: Quantity) -> str:
    """In percent; none if the reported digits are the computed ones, rounded.

    Papers round to the nearest, up or down: to within one of the last digit.
    """
    if abs(computed - quantity.value) < 2 * quantity.tolerance or not quantity.value:
        return "none"
    return f"{computed / quantity.value - 1:+.1%}"


def _layer(layer: NetworkLayer) -> dict[str, Any]:
    return {
        "path": layer.path,
        "op": layer.op,
        "output_shape": list(layer.output),
        "parameters": layer.parameters,
        "macs": layer.macs,
        "attention_macs": layer.attention_macs,
        "flops": layer.flops,
    }


def _reported(network: Network) -> dict[str, Any] | None:
    reported = network.reported
    if reported is None:
        return None
    return {
        "parameters": _whole(reported.parameters),
        "macs": _whole(reported.macs),
        "erratum": reported.erratum,
    }


def _whole(quantity: Quantity | None) -> int | None:
    return None if quantity is None else round(quantity.value)


def _preprocessing(network: Network) -> dict[str, Any] | None:
    preprocessing = network.document.preprocessing
    if preprocessing is None:
        return None
    values = {n: v for n, v in asdict(preprocessing).items() if v is not None}
    # The resizing is for the published size only, not for a variant of another size.
    if all(side == values.get("crop", side) for side in network.image[1:]):
        return values
    return {name: v for name, v in values.items() if name not in ("resize", "crop")}
