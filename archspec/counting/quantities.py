"""The quantities of a layer that counters add up, for one image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from archspec.counting.forms import Read
from archspec.counting.tensorflow import TENSORFLOW
from archspec.ops.normalization import GroupNorm
from archspec.ops.pooling import AvgPool


def _taps(read: Read) -> int:
    weight = read.layer.weights_read["weight"]
    return weight.size * read.positions


def _bias(read: Read) -> int:
    return prod(read.layer.output) if "bias" in read.layer.weights_read else 0


def _learned(read: Read) -> int:
    return prod(read.input) if read.parameters else 0


def _mask(read: Read) -> int:
    pool = read.layer.primitive
    leaves_out = isinstance(pool, AvgPool) and not pool.count_padding
    return read.padded if leaves_out and read.own else 0


def _numbered(read: Read) -> int:
    return 0 if 'padding="same"' in read.code else read.layer.macs


def _averaged(read: Read) -> int:
    """Input and output; rounded as by thop, which divides one size by the other."""
    output = read.layer.output
    height, width = (
        before / after for before, after in zip(read.input[1:], output[1:], strict=True)
    )
    return int((height * width + 1) * prod(output))


def _statistics(read: Read) -> int:
    """Means or deviations of a norm: of each group, or at each position."""
    norm = read.layer.primitive
    return norm.groups if isinstance(norm, GroupNorm) else read.positions


def _size(read: Read, weight: str) -> int:
    found = read.layer.weights_read.get(weight)
    return found.size if found else 0


def _if(read: Read, weight: str) -> int:
    return prod(read.input) if weight in read.layer.weights_read else 0


QUANTITIES: Mapping[str, Callable[[Read], int]] = {
    "macs": lambda read: read.layer.macs,
    "numbered": _numbered,
    "taps": _taps,
    "input": lambda read: prod(read.input),
    "output": lambda read: prod(read.layer.output),
    "bias": _bias,
    "learned": _learned,
    "averaged": _averaged,
    "channels": lambda read: read.input[0],
    "positions": lambda read: read.positions,
    "sides": lambda read: sum(read.layer.output[1:]),
    "padded": lambda read: read.input[0] * read.padded,
    "mask": _mask,
    "parameters": lambda read: read.parameters,
    "sites": lambda read: read.parameters * read.positions,
    "statistics": _statistics,
    "unscaled": lambda read: 0 if _size(read, "scale") else _statistics(read),
    "scaled": lambda read: _if(read, "scale"),
    "shifted": lambda read: _if(read, "shift"),
    "scales": lambda read: _size(read, "scale"),
    "shifts": lambda read: _size(read, "shift"),
    "layer": lambda _: 1,
    **TENSORFLOW,
}
"""Each by its name in `counters.yaml`, which says what it is."""
