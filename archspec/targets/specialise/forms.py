"""Arguments that are printed in another form than the spec gives them.

Paddings that differ from use to use become numbers: four, or one for each axis where
opposite sides are alike. A kernel that is one number here and two there becomes a pair
where half of it is padded, which cannot be said of both at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archspec.expressions import Expression, Function, Items, Name, Value
from archspec.language import Block, Layer
from archspec.language.names import inner_layers
from archspec.ops.fields import Amounts, pair
from archspec.ops.window import Window
from archspec.targets.specialise.said import (
    Slot,
    given_for,
    local_names,
    receivers,
    said,
)
from archspec.targets.specialise.usage import Usage
from archspec.targets.symbols import names_in
from archspec.targets.unprintable import located

CONVOLUTIONS = ("conv", "depthwise_conv")
WINDOWS = (*CONVOLUTIONS, "max_pool", "avg_pool")


def settle(usage: Usage) -> None:
    """Give every argument the form that all its uses can share.

    Raises Unprintable where paddings depend on the size of the input here, and are
    numbers there.
    """
    for name, block in usage.blocks.items():
        with located(block.place, f"block {name}"):
            usage.settle_paddings(block)
    usage.sides |= _by_sides(usage)
    for slot in usage.sides:
        usage.change(slot, by_axis)
    for seed in _halved(usage):
        usage.pairs |= _pairs_with(usage, seed)
    for slot in usage.pairs:
        usage.change(slot, pair)


def sides(amounts: Expression) -> Expression | None:
    """What four numbers are by axis; None if opposite ones are not said alike."""
    match amounts:
        case Items((top, bottom, left, right)) if (top, left) == (bottom, right):
            return top if top == left else Items((top, left))
        case _:
            return None


def by_axis(amounts: Value | Function) -> Value:
    """One number for all four sides, or one for each axis."""
    top, _, left, _ = _four(amounts) or (0, 0, 0, 0)
    return top if top == left else (top, left)


# Paddings


def _by_sides(usage: Usage) -> set[Slot]:
    """The arguments that are nothing but a window's padding, and even everywhere."""
    found = {
        slot
        for slot in usage.slots()
        if all(_is_even(value) for value in usage.values(slot))
        and receivers(usage.blocks[slot.op], slot.name)
    }
    # What is passed on has to have one form all the way.
    while odd := {slot for slot in found if not _has_sides(usage, slot, found)}:
        found -= odd
    return found


def _is_even(value: Value | Function) -> bool:
    four = _four(value)
    return four is not None and four[::2] == four[1::2]


def _four(value: Value | Function) -> Amounts | None:
    match value:
        case (int() as top, int() as bottom, int() as left, int() as right):
            return top, bottom, left, right
        case _:
            return None


def _has_sides(usage: Usage, slot: Slot, found: set[Slot]) -> bool:
    """Whether all that takes it, and all that it is given, can be said by axis."""
    takes = all(
        to in found or (to.op in WINDOWS and to.name == "padding")
        for to in receivers(usage.blocks[slot.op], slot.name) or ()
    )
    given = given_for(usage.blocks, slot)
    return takes and all(_is_by_axis(block, value, found) for block, value in given)


def _is_by_axis(block: Block, given: Expression, found: set[Slot]) -> bool:
    if isinstance(given, Name) and given.id in block.arguments:
        return Slot(block.name, given.id) in found
    if names_in(given).isdisjoint(local_names(block)):
        return True  # It is printed as the number that it comes to.
    by_axis = sides(given)
    return by_axis is not None and not isinstance(by_axis, Items)


# Kernels


def _halved(usage: Usage) -> Iterator[Slot]:
    """The kernels that are numbers and pairs, half of which some layer pads by."""
    blocks = usage.blocks.values()
    for block, name, layer in (
        (b, *at) for b in blocks for at in inner_layers(b.layers)
    ):
        kernel = _halved_by(usage, block, layer)
        if kernel and _needs_pairs(usage.convolutions(block.name, name)):
            yield kernel


def _halved_by(usage: Usage, block: Block, layer: Layer) -> Slot | None:
    """The argument that a convolution has as its kernel, unless its padding is one."""
    given = {slot: f.expression for slot, f in said(layer) if slot.op in CONVOLUTIONS}
    named = {slot.name: e.id for slot, e in given.items() if isinstance(e, Name)}
    if named.get("kernel") not in block.arguments:
        return None
    padding = Slot(block.name, named.get("padding", ""))
    if padding.name in block.arguments and not all(
        isinstance(value, str | None) for value in usage.values(padding)
    ):
        return None
    return Slot(block.name, named["kernel"])


def _needs_pairs(windows: Iterable[Window]) -> bool:
    halved = [window for window in windows if window.padding == "symmetric"]
    unequal = any(window.kernel[0] != window.kernel[1] for window in halved)
    return unequal and not all(window.is_half for window in halved)


def _pairs_with(usage: Usage, seed: Slot) -> set[Slot]:
    """The kernels that have to be pairs with this one; none if one cannot be."""
    found: set[Slot] = set()
    waiting = {seed}
    while waiting:
        slot = waiting.pop()
        found.add(slot)
        taking = receivers(usage.blocks[slot.op], slot.name)
        if taking is None or not all(_takes_pairs(usage, to) for to in taking):
            return set()
        if None in usage.values(slot):
            return set()
        blocks = {to for to in taking if to.op in usage.blocks}
        waiting |= (blocks | set(_passing_pairs(usage, slot))) - found
    return found


def _takes_pairs(usage: Usage, slot: Slot) -> bool:
    in_convolution = slot.op in CONVOLUTIONS and slot.name == "kernel"
    return in_convolution or slot.op in usage.blocks


def _passing_pairs(usage: Usage, slot: Slot) -> Iterator[Slot]:
    """The callers' arguments that already are pairs at times; numbers are doubled."""
    passed = [
        Slot(block.name, given.id)
        for block, given in given_for(usage.blocks, slot)
        if isinstance(given, Name) and given.id in block.arguments
    ]
    for kernel in passed:
        if any(isinstance(value, tuple) for value in usage.values(kernel)):
            yield kernel
