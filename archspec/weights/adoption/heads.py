"""Queries, keys and values that a checkpoint lists head by head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from archspec.errors import InvalidArgument
from archspec.network import INPUT, Network
from archspec.ops.attending import Headed
from archspec.weights.checks import Arrays


def in_thirds(network: Network, weights: Mapping[str, np.ndarray[Any, Any]]) -> Arrays:
    """Weights with all queries first, then keys and values, as `attention` reads them.

    `weights` have them head by head: query, key and value of a head, then those of the
    next (timm's CoAtNet and MaxViT).

    Raises:
        InvalidArgument: the network has no such layer.
    """
    heads = dict(_fused(network))
    if not heads:
        raise InvalidArgument(
            "--qkv-by-head needs a layer with weights that attention without branches "
            "reads"
        )
    return {
        name: _turned(array, heads.get(name.rpartition(".")[0], 1))
        for name, array in weights.items()
    }


def _turned(array: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """Rows as (query, key and value; heads); one head is in this order anyway."""
    if heads == 1:
        return array
    split = array.reshape(heads, 3, -1, *array.shape[1:])
    return split.swapaxes(0, 1).reshape(array.shape)


def _fused(network: Network) -> Iterator[tuple[str, int]]:
    """The layers whose channels attention divides by three, with its heads."""
    for layer in network.layers:
        (first, *others), op = layer.sources, layer.primitive
        if not isinstance(op, Headed) or others or first == INPUT:
            continue
        if (source := network.layers[first]).weights:
            yield source.path, op.heads
