"""How Keras has to pad before a pool."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from archspec.network import Network
from archspec.ops.fields import Amounts
from archspec.targets.padding import beyond, windows
from archspec.targets.program.calls import Call
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
    paddings = {(w.amounts((shape[1], shape[2])), beyond(w)) for w, shape in shapes}
    counts = call.op == "avg_pool" and call.attributes["count_padding"].constant is True
    ways = [window.ways() for window in windows(call)]
    as_same = {extra for _, extra in paddings} == {NOTHING} and all(
        "same" in way and "none" not in way for way in ways
    )
    if call.op == "max_pool" and as_same:
        return PoolPadding("same")
    if len(paddings) > 1:
        raise Unprintable(
            f"{call.op} with padding that depends on the size of its input",
            call.paths[0],
        )
    amounts, extra = paddings.pop()
    top, bottom, left, right = (a + b for a, b in zip(amounts, extra, strict=True))
    whole: Amounts = top, bottom, left, right
    if not any(whole):
        return PoolPadding("none")
    if call.op == "max_pool":
        zeros = all(path in positive for path in call.paths)
        return PoolPadding("zeros" if zeros else "lowest", whole)
    if counts:
        margins = extra if any(extra) else None
        return PoolPadding("zeros" if any(amounts) else "none", amounts, margins)
    if as_same and top == bottom and left == right:
        return PoolPadding("same")
    return PoolPadding("none", margins=whole)


def fits_any_size(call: Call) -> bool:
    """Whether this padding is right for images of any size."""
    used = windows(call)
    if call.op == "max_pool" and all("same" in window.ways() for window in used):
        return True
    return all(window.fixed_amounts() is not None for window in used)
