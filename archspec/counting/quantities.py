"""The quantities of a layer that counters add up, for one image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import NamedTuple

from archspec.counting.forms import Form
from archspec.network import NetworkLayer
from archspec.ops.pooling import AvgPool
from archspec.ops.window import Windowed


class Read(NamedTuple):
    """A layer, and its form in the generated file; a function has none."""

    layer: NetworkLayer
    form: Form | None

    @property
    def is_module(self) -> bool:
        """Whether it is a module of the framework itself."""
        return self.form is not None and not self.form.own

    @property
    def is_own(self) -> bool:
        """Whether it is of a class of the file."""
        return self.form is not None and self.form.own

    @property
    def positions(self) -> int:
        """Positions of the output."""
        return prod(self.layer.output[1:])

    @property
    def parameters(self) -> int:
        """The weights that it trains, be they those of its first run."""
        weights = self.layer.weights_read.values()
        return sum(weight.size for weight in weights if weight.trainable)

    @property
    def padded(self) -> int:
        """Positions of the input, with the padding that a class of the file adds."""
        primitive, (_, *size) = self.layer.primitive, self.layer.inputs[0]
        if not (self.is_own and isinstance(primitive, Windowed)):
            return prod(size)
        height, width = size
        top, bottom, left, right = primitive.window.amounts((height, width))
        return (top + height + bottom) * (left + width + right)


def _taps(read: Read) -> int:
    weight = read.layer.weights_read["weight"]
    return weight.size * read.positions


def _bias(read: Read) -> int:
    return prod(read.layer.output) if "bias" in read.layer.weights_read else 0


def _learned(read: Read) -> int:
    return prod(read.layer.inputs[0]) if read.parameters else 0


def _mask(read: Read) -> int:
    pool = read.layer.primitive
    leaves_out = isinstance(pool, AvgPool) and not pool.count_padding
    return read.padded if leaves_out and read.is_own else 0


def _numbered(read: Read) -> int:
    word = read.form is not None and 'padding="same"' in read.form.code
    return 0 if word else read.layer.macs


def _averaged(read: Read) -> int:
    """Input and output; rounded as by thop, which divides one size by the other."""
    output = read.layer.output
    height, width = (
        before / after
        for before, after in zip(read.layer.inputs[0][1:], output[1:], strict=True)
    )
    return int((height * width + 1) * prod(output))


QUANTITIES: Mapping[str, Callable[[Read], int]] = {
    "macs": lambda read: read.layer.macs,
    "numbered": _numbered,
    "taps": _taps,
    "input": lambda read: prod(read.layer.inputs[0]),
    "output": lambda read: prod(read.layer.output),
    "bias": _bias,
    "learned": _learned,
    "averaged": _averaged,
    "positions": lambda read: read.positions,
    "padded": lambda read: read.layer.inputs[0][0] * read.padded,
    "mask": _mask,
    "parameters": lambda read: read.parameters,
    "sites": lambda read: read.parameters * read.positions,
}
"""Each by its name in `counters.yaml`, which says what it is."""
