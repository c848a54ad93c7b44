"""At which sizes a network is verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from pathlib import Path

from archspec.elaboration import elaborate
from archspec.errors import SpecError, VerifyError
from archspec.network import Network
from archspec.ops import Pair
from archspec.verification.random_data import BATCH

MAX_NUMBERS = 5 * 10**8
"""Weights, and outputs of all layers, of a network at one size; 4 GB in float64."""

_EVEN = ((96, 64), (128, 96), (112, 128), (160, 192), (224, 256), (320, 288))
_ODD = tuple((height + 1, width + 1) for height, width in _EVEN)
_SMALL = ((32, 48), (8, 12), (7, 9))


def sized(
    own: Network, spec: str | Path, variants: Sequence[str], overrides: Sequence[str]
) -> list[Network]:
    """The network at an even and an odd size, height other than width.

    A network that takes no such size is given another, and one that takes no size but
    its own that one alone. Raises VerifyError (AS604).
    """

    def taken(sizes: Iterable[Pair]) -> Iterator[Network]:
        for height, width in sizes:
            size = f"input.size=[{height}, {width}]"
            try:
                yield elaborate(spec, variants, [*overrides, size])
            except SpecError:
                continue

    first = [next(taken(_EVEN), None), next(taken(_ODD), None)]
    found = {n.input_shape: n for n in first if n is not None}
    if len(found) < 2:
        found |= {n.input_shape: n for n in taken((*_EVEN, *_SMALL))}
    chosen = list(found.values())[:2] or [own]
    for network in chosen:
        _check_memory(network)
    return chosen


def _check_memory(network: Network) -> None:
    """Raise VerifyError (AS604) for a network too large to be run in all."""
    height, width = network.input_shape[1:]
    outputs = BATCH * sum(prod(layer.output) for layer in network.layers)
    for count, what in ((network.parameters, "weights"), (outputs, "outputs")):
        if count > MAX_NUMBERS:
            message = (
                f"its layers have {count:,} {what} at {height}x{width}, "
                f"but verify takes at most {MAX_NUMBERS:,}"
            )
            help = (
                "--variant or --set may make of it a smaller one with the same layers"
            )
            raise VerifyError.single("AS604", message, help=help)
