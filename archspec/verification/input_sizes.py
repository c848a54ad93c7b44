"""At which sizes a network is verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archspec.elaboration import with_input_size
from archspec.errors import SpecError
from archspec.network import Network
from archspec.ops import Pair

_EVEN = ((96, 64), (128, 96), (112, 128), (160, 192), (224, 256), (320, 288))
_ODD = tuple((height + 1, width + 1) for height, width in _EVEN)
_SMALL = ((32, 48), (8, 12), (7, 9))
_TILED = ((128, 64), (64, 192))
"""For attention whose windows or dilation have to divide the feature maps."""


def sized(own: Network) -> list[Network]:
    """The network at an even and an odd size, height other than width.

    A network that takes no such size is given another, and one that takes no size but
    its own that one alone.
    """

    def taken(sizes: Iterable[Pair]) -> Iterator[Network]:
        for size in sizes:
            try:
                yield with_input_size(own, size)
            except SpecError:
                continue

    first = [next(taken(_EVEN), None), next(taken(_ODD), None)]
    found = {n.image: n for n in first if n is not None}
    if len(found) < 2:
        found |= {n.image: n for n in taken((*_EVEN, *_SMALL, *_TILED))}
    return list(found.values())[:2] or [own]
