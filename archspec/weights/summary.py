"""What a file of weights holds, for readers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archspec.errors import printable
from archspec.weights import canonical
from archspec.weights.checks import listed


def summary(path: Path) -> str:
    """Origin, and each tensor with its shape and range; raises WeightsError."""
    said = canonical.metadata(path)
    tensors = canonical.tensors(path)
    lines = [f"{key}: {value}" for key, value in sorted(said.items()) if value]
    width = max(map(len, tensors), default=0)
    for name, array in tensors.items():
        lines.append(
            f"{name:<{width}}  {array.dtype} {listed(array.shape)}{_range(array)}"
        )
    total = sum(array.size for array in tensors.values())
    lines.append(f"{len(tensors)} tensors, {total:,} numbers")
    return "".join(f"{printable(line)}\n" for line in lines)


def _range(array: np.ndarray) -> str:
    finite = array[np.isfinite(array)]
    odd = array.size - finite.size
    note = f"  {odd} not finite" if odd else ""
    if not finite.size:
        return note
    return f"  {finite.min():.4g} to {finite.max():.4g}{note}"
