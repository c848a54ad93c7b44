"""At which sizes a network is verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path

from archspec.elaboration import elaborate
from archspec.errors import SpecError, VerifyError
from archspec.network import Network
from archspec.ops import Pair
from archspec.verification.draws import BATCH

MAX_NUMBERS = 5 * 10**8
"""Weights, and outputs of all layers, of a network at one size; 4 GB in float64."""

_EVEN = ((96, 64), (128, 96), (112, 128), (160, 192), (224, 256), (320, 288))
_SMALL = ((32, 48), (8, 12), (7, 9))


def sized(
    spec: str | Path, variants: Sequence[str], overrides: Sequence[str]
) -> list[Network]:
    """The network at an even and an odd size, height other than width.

    A network that takes no odd size is given another even one, and one that takes no
    size but its own that one alone. Raises SpecError, VerifyError.
    """
    own = elaborate(spec, variants, overrides)

    def taken(sizes: Sequence[Pair]) -> Iterator[Network]:
        for height, width in sizes:
            size = f"input.size=[{height}, {width}]"
            try:
                yield elaborate(spec, variants, [*overrides, size])
            except SpecError:
                continue

    even = next(taken(_EVEN), None)
    odd = next(taken([(height + 1, width + 1) for height, width in _EVEN]), None)
    if even is None or odd is None:
        even, odd = [*taken([*_EVEN, *_SMALL]), even, odd][:2]
    found = [network for network in (even, odd) if network is not None] or [own]
    for network in (own, *found):
        _check_memory(network)
    return found


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
            raise VerifyError.single("AS604", message)
