"""The cost of a network as plain data: `archspec flops --format json`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

from archspec.analysis.counts import Counts
from archspec.analysis.memory import forms, litert_arena
from archspec.analysis.training import training_memory
from archspec.analysis.usage import INFERENCE, Usage
from archspec.language.document import Figures, Quantity
from archspec.network import Network
from archspec.ops import Shape
from archspec.tables import change

COUNTING = "weights-and-attention"
"""One MAC for each weight of a convolution or dense layer at each output position.

And for each product of two activations that attention sums. Biases, softmax,
normalisation, activations, pooling, sums and gates are none.
"""


def cost_document(
    network: Network, usage: Usage = INFERENCE, counts: Counts | None = None
) -> dict[str, Any]:
    """The totals, then every primitive and join in order; shapes are channels first.

    `counts` are those of another counter, if that is asked for.
    """
    return {
        **totals(network),
        "counting": COUNTING,
        "counter": counts.as_data() if counts else None,
        "memory": _memory(network, usage),
        "training": _training(network, usage),
        "reported": _reported(network),
        "preprocessing": _preprocessing(network),
        "layers": layer_documents(network, counts),
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


def _memory(network: Network, usage: Usage) -> dict[str, Any]:
    found = {
        form.name.replace(" ", "_"): {
            "weight_bytes": form.weights,
            "peak_activation_bytes": form.activations,
            "peak_layer": form.layer,
            "in_place": list(form.in_place),
        }
        for form in forms(network, usage.dtype)
    }
    arena = litert_arena(network, usage.dtype)
    return {"dtype": usage.dtype, **found, "litert_arena_bytes": arena}


def _training(network: Network, usage: Usage) -> dict[str, Any] | None:
    if usage.optimizer is None:
        return None
    found = training_memory(network, usage.batch, usage.optimizer)
    return {
        "batch": usage.batch,
        "optimizer": usage.optimizer,
        "weight_bytes": found.weights,
        "gradient_bytes": found.gradients,
        "state_bytes": found.states,
        "activation_bytes": found.activations,
        "peak_bytes": found.peak,
        "peak_layer": found.layer,
    }


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
    return change(computed, quantity.value)


def layer_documents(network: Network, counts: Counts | None) -> list[dict[str, Any]]:
    """Every primitive and join in order, with the figure of another counter."""
    return [
        {
            "path": layer.path,
            "op": layer.op,
            "output_shape": list(layer.output),
            "parameters": layer.parameters,
            "macs": layer.macs,
            "attention_macs": layer.attention_macs,
            "flops": layer.flops,
            **({"count": counts.layers[number]} if counts else {}),
        }
        for number, layer in enumerate(network.layers)
    ]


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
