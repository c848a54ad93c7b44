"""At which sizes a network is verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.network import Network
from archspec.ops import Pair

_EVEN = ((96, 64), (128, 96), (112, 128), (160, 192), (224, 256), (320, 288))
_SMALL = ((32, 48), (8, 12), (7, 9))


def sized(
    spec: str | Path, variants: Sequence[str], overrides: Sequence[str]
) -> list[Network]:
    """The network at an even and an odd size, height other than width.

    A network that takes no odd size is given another even one, and one that takes no
    size but its own that one alone.
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
    return [network for network in (even, odd) if network is not None] or [own]
