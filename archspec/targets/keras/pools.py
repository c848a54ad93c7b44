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

_NON_NEGATIVE = ("relu", "relu6", "sigmoid", "hard_sigmoid", "softmax")
_PRESERVING = (
    "max_pool", "avg_pool", "global_avg_pool", "dropout", "drop_path", "identity",
    "channel_shuffle", "slice_channels", "flatten", "upsample", "add", "multiply",
    "concat",
)  # fmt: skip
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
        kind = getattr(layer.primitive, "kind", None)
        kept = layer.op in _PRESERVING and all(sources)
        positive.append(kept or (layer.op == "activation" and kind in _NON_NEGATIVE))
    return frozenset(reading)


def pool_padding(call: Call, positive: Collection[str]) -> PoolPadding:
    """One padding that is right wherever the block uses the pool."""
    used = list(zip(windows(call), call.inputs, strict=True))
    counts = call.op == "avg_pool" and call.attributes["count_padding"].constant is True
    paddings = {
        (window.amounts(shape[1:]), _extra(window, shape[1:]))  # pyright: ignore
        for window, shape in used
    }
    if paddings == {(NOTHING, NOTHING)}:
        return PoolPadding("none")
    as_same = all(_equals_same(window, shape[1:]) for window, shape in used)  # pyright: ignore
    if call.op == "max_pool" and as_same:
        return PoolPadding("same")
    if len(paddings) > 1:
        raise Unprintable(
            f"{call.op} with padding that depends on the size of its input",
            call.paths[0],
        )
    amounts, extra = paddings.pop()
    whole = _sum(amounts, extra)
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
    return same == _sum(window.amounts(size), _extra(window, size))


def _extra(window: Window, size: Pair) -> Amounts:
    """What the last windows need beyond the padding, with `ceil`."""
    if not window.ceil:
        return NOTHING
    top, bottom, left, right = window.amounts(size)
    rows, columns = window.slide(size)
    down = (rows - 1) * window.stride[0] + window.kernel[0] - (size[0] + top + bottom)
    across = (
        (columns - 1) * window.stride[1] + window.kernel[1] - (size[1] + left + right)
    )
    return 0, max(down, 0), 0, max(across, 0)


def _sum(first: Amounts, second: Amounts) -> Amounts:
    top, bottom, left, right = (a + b for a, b in zip(first, second, strict=True))
    return top, bottom, left, right
