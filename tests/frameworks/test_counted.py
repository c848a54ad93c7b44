"""Originals are built and counted: `reference/counts` says what they have."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import keras
import pytest
import torch
from counts import Counted, every_row
from originals import built
from torch.utils.flop_counter import FlopCounterMode

pytestmark = pytest.mark.usefixtures("timm")


def counted(name: str, shape: tuple[int, ...]) -> dict[str, int]:
    """What a model has, and what it does with one image (channels first).

    No weight is drawn and nothing computed.
    """
    if name.startswith("keras:"):
        with keras.StatelessScope():
            return of_keras(built(name, shape))
    with torch.device("meta"):
        return of_torch(built(name, shape), torch.empty(1, *shape))


def of_torch(model: Any, image: torch.Tensor) -> dict[str, int]:
    """By torch's own counter, which gives FLOPs."""
    trainable = sum(parameter.numel() for parameter in model.parameters())
    statistics = sum(
        tensor.numel()
        for name, tensor in model.named_buffers()
        if name.endswith(("running_mean", "running_var"))
    )
    with FlopCounterMode(display=False) as counter:
        model.eval()(image)
    return {
        "parameters": trainable + statistics,
        "trainable_parameters": trainable,
        "macs": counter.get_total_flops() // 2,
    }


def of_keras(model: Any) -> dict[str, int]:
    """Each number of a kernel works once at each position of the output."""
    layers = [x for x in leaves(model) if type(x).__name__ != "Normalization"]
    return {
        "parameters": sum(layer.count_params() for layer in layers),
        "trainable_parameters": sum(prod(w.shape) for w in model.trainable_weights),
        "macs": sum(
            prod(layer.kernel.shape) * prod(layer.output.shape[1:-1])
            for layer in layers
            if hasattr(layer, "kernel")
        ),
    }


def leaves(model: Any) -> Iterator[Any]:
    """The layers of a model, and of the models in it."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from leaves(layer)
        else:
            yield layer


def once() -> list[Counted]:
    """A row for each original and what it has."""
    return list(
        {
            (row.source, counts_of(row)): row for row in every_row() if row.library
        }.values()
    )


def counts_of(row: Counted) -> tuple[int, int, int]:
    return row.parameters, row.trainable_parameters, row.macs


@pytest.mark.full
@pytest.mark.parametrize("row", once(), ids=lambda row: f"{row.label}-{row.source}")
def test_the_original_has_what_is_written_down(row):
    assert counted(row.source, row.network().input_shape) == {
        "parameters": row.parameters,
        "trainable_parameters": row.trainable_parameters,
        "macs": row.macs,
    }
