"""Swin Transformers of timm and torchvision, whose weights are in orders of their own.

Their relative bias is (rows * columns, heads). Patch merging lists the four pixels
column by column, `space_to_depth` row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isqrt
from typing import Any

import numpy as np

from archspec.weights.checkpoints.units import Tensor

_TABLE = "relative_position_bias_table"
_CONSTANTS = ("relative_position_index", "attn_mask")


def in_our_order(tensors: Iterable[Tensor]) -> Iterator[Tensor]:
    """The tensors of a file; those of a Swin Transformer as our layers have them."""
    listed = list(tensors)
    names = {tensor.name for tensor in listed}
    if not any(name.endswith(f".{_TABLE}") for name in names):
        yield from listed
        return
    for tensor in listed:
        module, _, variable = tensor.name.rpartition(".")
        parent = module.rpartition(".")[0]
        if variable == _TABLE:
            yield _table(tensor)
        elif f"{parent}.reduction.weight" in names:
            yield _merged(tensor)
        elif variable not in _CONSTANTS:
            yield tensor


def _table(table: Tensor) -> Tensor:
    """(heads, rows, columns), of square windows."""
    positions, heads = table.shape
    side = isqrt(positions)
    if side**2 != positions:
        return table

    def values() -> np.ndarray[Any, Any]:
        return table.values().T.reshape(heads, side, side)

    return Tensor(f"{table.name}.table", (heads, side, side), table.dtype, values)


def _merged(tensor: Tensor) -> Tensor:
    """The input channels in the order of rows, then columns, of four pixels."""

    def values() -> np.ndarray[Any, Any]:
        found = tensor.values()
        pixels = found.reshape(*found.shape[:-1], 2, 2, -1)
        return pixels.swapaxes(-2, -3).reshape(found.shape)

    return tensor._replace(values=values)
