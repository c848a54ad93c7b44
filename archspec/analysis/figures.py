"""What the paper says of a network, beside what is computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archspec.language.document import Figures, Quantity
from archspec.network import Network


class Compared(NamedTuple):
    """One figure; `key` is its key under `reported`."""

    key: str
    name: str
    quantity: Quantity
    computed: int

    @property
    def difference(self) -> str:
        """In percent, or none."""
        return difference(self.computed, self.quantity)


def compared(network: Network) -> Iterator[Compared]:
    """The figures that are reported; a paper's parameters are the trainable ones."""
    figures = network.document.reported or Figures()
    trainable = network.trainable_parameters
    if figures.parameters is not None:
        name = "trainable parameters"
        yield Compared("parameters", name, figures.parameters, trainable)
    if figures.macs is not None:
        yield Compared("macs", "MACs", figures.macs, network.macs)


def difference(computed: int, quantity: Quantity) -> str:
    """In percent; none if the reported digits are the computed ones, rounded.

    Papers round to the nearest, and up, and down: to one of the last digit.
    """
    if abs(computed - quantity.value) < 2 * quantity.tolerance or not quantity.value:
        return "none"
    return f"{computed / quantity.value - 1:+.1%}"
