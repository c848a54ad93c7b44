"""What a window's padding amounts to over all its uses, whatever the framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from archspec.expressions import Binary, Constant, Expression, Items, Value
from archspec.ops import OPS
from archspec.ops.fields import Pair
from archspec.ops.window import Window
from archspec.targets.specialise.model import Attribute, Call
from archspec.targets.sums import simplified
from archspec.targets.symbols import constant_value, halved
from archspec.targets.unprintable import Differing


@dataclass(frozen=True, slots=True)
class Padding:
    """How to pad.

    none: nothing, at every size. half: `amount` on every side, half of the kernel.
    halves: the same of the pair `amount`, times `dilation`. sides: `amount` above and
    below, left and right. same: as TensorFlow does, at stride 1 (`steps` false) or
    more. numbers: `amounts` in the order top, bottom, left, right.
    """

    kind: Literal["none", "half", "halves", "sides", "same", "numbers"]
    amount: Expression | None = None
    dilation: Pair = (1, 1)
    amounts: Attribute | None = None
    steps: bool = False


def windows(call: Call) -> list[Window]:
    """The window of each use."""
    count = len(call.inputs)
    found: list[Window] = []
    for index in range(count):
        values = {name: a.values[index] for name, a in call.attributes.items()}
        if "padding" in values:
            values["padding"] = _four(values["padding"])
        primitive: Any = OPS[call.op].model_validate(values)
        found.append(primitive.window)
    return found


def plan(call: Call) -> Padding:
    """The simplest padding that is right at every use and at every input size."""
    used = windows(call)
    padding = call.attributes["padding"]
    if all(_never_pads(window) for window in used):
        return Padding("none")
    halves = all(window.is_half for window in used)
    in_two = halves and call.attributes["kernel"].pairs
    if not in_two and (halves or padding.is_only("symmetric")):
        half = _half(call, used)
        if half is not None:
            return half
    if halves or padding.is_only("same"):
        steps = any(window.stride != (1, 1) for window in used)
        return Padding("same", steps=steps)
    if not all(isinstance(window.padding, tuple) for window in used):
        raise _differing(call, used)
    by_side = _sides(padding, used)
    if by_side is not None:
        return Padding("sides", by_side)
    return Padding("numbers", amounts=padding)


def _four(amounts: Value) -> Value:
    """A padding by axis as four numbers."""
    match amounts:
        case (top, left):
            return top, top, left, left
        case int():
            return amounts, amounts, amounts, amounts
        case _:
            return amounts


def _never_pads(window: Window) -> bool:
    if window.padding in ("same", "symmetric"):
        return window.kernel == (1, 1)
    return window.padding in ("valid", (0, 0, 0, 0))


def _sides(padding: Attribute, used: list[Window]) -> Expression | None:
    """One number for opposite sides, where they are alike at every use."""
    found = {window.amounts(window.kernel) for window in used}
    if any(top != bottom or left != right for top, bottom, left, right in found):
        return None
    match padding.expression:
        case Items((top, _, left, _)):
            return top if top == left else Items((top, left))
        case by_name if not any(_is_four(value) for value in padding.values):
            return by_name
        case _:
            return None


def _is_four(value: Value) -> bool:
    return isinstance(value, tuple) and len(value) == 4


def _half(call: Call, used: list[Window]) -> Padding | None:
    """`dilation * (kernel // 2)`, unless one of them is now a number, now a pair."""
    kernel = call.attributes["kernel"]
    size, spread = kernel.expression, Constant(1)
    if "dilation" in call.attributes:
        spread = call.attributes["dilation"].expression
    even_spread = constant_value(spread) is not None
    if even_spread and kernel.pairs:
        return Padding("halves", size, dilation=used[0].dilation)
    if even_spread and isinstance(size, Items):
        pairs = zip(used[0].dilation, size.items, strict=True)
        each = tuple(_times(Constant(factor), side) for factor, side in pairs)
        return Padding("half", Items(each))
    if any(w.kernel[0] != w.kernel[1] or w.dilation[0] != w.dilation[1] for w in used):
        return None
    if constant_value(size) is not None:
        size = Constant(used[0].kernel[0])
    if even_spread:
        spread = Constant(used[0].dilation[0])
    return Padding("half", _times(spread, size))


def _times(factor: Expression, size: Expression) -> Expression:
    """`factor * (size // 2)`, with as few terms as say it."""
    return simplified(Binary("*", factor, halved(size)))


def _differing(call: Call, used: list[Window]) -> Differing:
    """What cannot be one padding, at the first use that is another kind."""
    words = [w.padding if isinstance(w.padding, str) else "numbers" for w in used]
    if len(set(words)) > 1:
        other = next(i for i, word in enumerate(words) if word != words[0])
        message = f"padding by `{words[0]}` here and by `{words[other]}` there"
        return Differing(message, call.paths[other])
    kernels = [window.kernel for window in used]
    what, pairs = "kernel", kernels
    if len({height == width for height, width in kernels}) == 1:
        what, pairs = "dilation", [window.dilation for window in used]
    kinds = [height == width for height, width in pairs]
    other = next((i for i, kind in enumerate(kinds) if kind != kinds[0]), 0)
    first, second = (f"{h}x{w}" for h, w in (pairs[0], pairs[other]))
    message = f"`{words[0]}` for a {what} of {first} here and of {second} there"
    return Differing(message, call.paths[other])
