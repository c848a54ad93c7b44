"""At which sizes a network is verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.network import Network
from archspec.ops import Pair

_EVEN = ((96, 64), (128, 96), (112, 128), (160, 192), (224, 256), (320, 288))
_ODD = tuple((height + 1, width + 1) for height, width in _EVEN)
_SMALL = ((32, 48), (8, 12), (7, 9))


def sized(
    own: Network, spec: str | Path, variants: Sequence[str], overrides: Sequence[str]
) -> list[Network]:
    """The network at an even and an odd size, height other than width.

    A network that takes no such size is given another, and one that takes no size but
    its own that one alone.
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
    return list(found.values())[:2] or [own]
