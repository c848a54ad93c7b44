"""What a file of weights holds, in any format."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import printable
from archspec.tables import counted
from archspec.weights import canonical
from archspec.weights.checkpoints import Tensor, opened
from archspec.weights.checkpoints.units import FLOATING
from archspec.weights.checks import listed


def document(path: Path, key: str = "") -> dict[str, Any]:
    """The metadata, the entries with weights, and each tensor with its range.

    Raises WeightsError, FrameworkMissing.
    """
    with opened(path, key) as checkpoint:
        tensors = [
            _described(tensor)
            for unit in checkpoint.units
            for tensor in unit.tensors.values()
        ]
        entries = [checkpoint.entry, *checkpoint.others] if checkpoint.entry else []
    said: dict[str, str] = {}
    if path.suffix == ".safetensors":
        said |= sorted(canonical.metadata(path).items())
    return {
        "metadata": said,
        "entries": entries,
        "tensors": tensors,
    }


def summary(path: Path, key: str = "") -> str:
    """The same as lines of text."""
    found = document(path, key)
    lines = [f"{name}: {value}" for name, value in found["metadata"].items() if value]
    if found["entries"]:
        lines.append(f"entries: {', '.join(found['entries'])}; these are of the first")
    tensors: list[dict[str, Any]] = found["tensors"]
    width = max((len(tensor["name"]) for tensor in tensors), default=0)
    for tensor in tensors:
        shape = listed(tuple(tensor["shape"]))
        line = f"{tensor['name']:<{width}}  {tensor['dtype']} {shape}"
        if tensor["min"] is not None:
            line += f"  {tensor['min']:.4g} to {tensor['max']:.4g}"
        if tensor["not_finite"]:
            line += f"  {tensor['not_finite']} not finite"
        lines.append(line)
    total = sum(prod(tensor["shape"]) for tensor in tensors)
    lines.append(f"{counted(len(tensors), 'tensor')}, {counted(total, 'number')}")
    return "".join(f"{printable(line)}\n" for line in lines)


def _described(tensor: Tensor) -> dict[str, Any]:
    """A tensor as data; of numbers that no weights are, no range is looked for."""
    array: np.ndarray[Any, Any] = np.empty(0)
    if tensor.dtype in FLOATING:
        array = tensor.values()
    finite = array[np.isfinite(array)]
    ends = (float(finite.min()), float(finite.max())) if finite.size else (None, None)
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "min": ends[0],
        "max": ends[1],
        "not_finite": array.size - finite.size,
    }
