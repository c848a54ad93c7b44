"""How Keras has to pad before a pool, from the sizes that the network has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from archspec.network import Network
from archspec.ops.fields import Amounts, Pair
from archspec.ops.window import Window
from archspec.targets.padding import windows
from archspec.targets.specialise.model import Call
from archspec.targets.unprintable import Unprintable

NOTHING: Amounts = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class PoolPadding:
    """none, same, zeros, or lowest (minus infinity); `margins` are not counted."""

    kind: Literal["none", "same", "zeros", "lowest"]
    amounts: Amounts = NOTHING
    margins: Amounts | None = None


def non_negative(network: Network) -> frozenset[str]:
    """The layers that read only tensors without negative numbers."""
    positive: list[bool] = []
    reading: set[str] = set()
    for layer in network.layers:
        sources = [source >= 0 and positive[source] for source in layer.sources]
        if all(sources):
            reading.add(layer.path)
        positive.append(layer.primitive.is_non_negative(all(sources)))
    return frozenset(reading)


def pool_padding(call: Call, positive: Collection[str]) -> PoolPadding:
    """One padding that is right wherever the block uses the pool."""
    shapes = zip(windows(call), call.inputs, strict=True)
    used = [(window, (shape[1], shape[2])) for window, shape in shapes]
    counts = call.op == "avg_pool" and call.attributes["count_padding"].constant is True
    paddings = {(w.amounts(size), w.overhang(size), w.reach(size)) for w, size in used}
    if paddings == {(NOTHING,) * 3}:
        return PoolPadding("none")
    as_same = all(_equals_same(window, size) for window, size in used)
    if call.op == "max_pool" and as_same:
        return PoolPadding("same")
    if len(paddings) > 1:
        raise Unprintable(
            f"{call.op} with padding that depends on the size of its input",
            call.paths[0],
        )
    amounts, extra, whole = paddings.pop()
    if call.op == "max_pool":
        zeros = all(path in positive for path in call.paths)
        return PoolPadding("zeros" if zeros else "lowest", whole)
    if counts:
        margins = extra if any(extra) else None
        return PoolPadding("zeros" if any(amounts) else "none", amounts, margins)
    even = whole[0] == whole[1] and whole[2] == whole[3]
    if as_same and even:
        return PoolPadding("same")
    return PoolPadding("none", margins=whole)


def _equals_same(window: Window, size: Pair) -> bool:
    """Whether `same` pads just that, what `ceil` adds included."""
    same = window._replace(padding="same", ceil=False).amounts(size)
    return same == window.reach(size)
