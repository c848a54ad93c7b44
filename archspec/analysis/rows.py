"""The rows of a network: its layers as the document has them, or rows of its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from archspec.language import Layer, Table
from archspec.language.layers import inner_layers
from archspec.network import Instance, Network, Step


class Row(NamedTuple):
    """A layer of the network or of a block, or a row of a table, with its repeats.

    `layers` are the numbers of the primitives and joins that it is made of; `steps` are
    its runs, none of the addition of `residual`.
    """

    name: str
    op: str
    repeats: int
    layers: Sequence[int]
    steps: Sequence[Step]

    @property
    def step(self) -> Step | None:
        """Its first run."""
        return self.steps[0] if self.steps else None

    @property
    def title(self) -> str:
        """The op, and how often it is repeated."""
        return f"{self.repeats} x {self.op}" if self.repeats > 1 else self.op


def rows(network: Network) -> list[Row]:
    """The rows of a network, in written order."""
    return rows_of(network, network.root, range(len(network.layers)))


def rows_of(network: Network, use: Instance, layers: Sequence[int]) -> list[Row]:
    """Those of a use of a block, which is made of these layers."""
    document = network.document
    written = document.blocks[use.block].layers if use.block else document.layers
    tables = _tables(written)
    start = len(use.path) + 1 if use.path else 0
    found: dict[str, list[int]] = defaultdict(list)
    for number in layers:
        name, *rest = network.layers[number].path[start:].split(".")
        found[f"{name}.{rest[0]}" if name in tables and rest else name].append(number)
    return [_row(network, use, *row) for row in found.items()]


def _tables(layers: dict[str, Layer]) -> set[str]:
    return {name for name, layer in inner_layers(layers) if isinstance(layer, Table)}


def _row(network: Network, use: Instance, name: str, layers: list[int]) -> Row:
    """A row; the op of one without steps is that of its first layer."""
    layer, _, row = name.partition(".")
    steps = [s for s in use.steps.get(layer, []) if s.row == (row or None)]
    op = steps[0].op if steps else network.layers[layers[0]].op
    return Row(name, op, max(len(steps), 1), layers, steps)
