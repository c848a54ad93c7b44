"""What a window's padding amounts to over all its uses, whatever the framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from archspec.expressions import Binary, Constant, Expression, Items
from archspec.expressions import Call as FunctionCall
from archspec.ops import OPS
from archspec.ops.window import Window
from archspec.targets.specialise.model import Attribute, Call
from archspec.targets.sums import simplified
from archspec.targets.symbols import constant, constant_value, halved
from archspec.targets.unprintable import Unprintable

NOTHING = Constant(0)


@dataclass(frozen=True, slots=True)
class Padding:
    """How to pad.

    none: nothing, at every size. half: `amount` on every side, or a pair for the two
    axes. same: as TensorFlow does, at stride 1 (`steps` false) or more. numbers:
    `amount` has four, in the order top, bottom, left, right.
    """

    kind: Literal["none", "half", "same", "numbers"]
    amount: Expression = NOTHING
    steps: bool = False


def windows(call: Call) -> list[Window]:
    """The window of each use."""
    found: list[Window] = []
    for index in range(len(call.inputs)):
        values = {name: a.values[index] for name, a in call.attributes.items()}
        primitive: Any = OPS[call.op].model_validate(values)
        found.append(primitive.window)
    return found


def plan(call: Call) -> Padding:
    """The simplest padding that is right at every use and at every input size."""
    padding = call.attributes["padding"]
    if (
        isinstance(padding.expression, Items)
        and constant_value(padding.expression) is None
    ):
        return _numbers(padding.expression)
    used = windows(call)
    ways = used[0].ways().intersection(*(window.ways() for window in used))
    numbers = next((way for way in ways if isinstance(way, tuple)), None)
    if "none" in ways:
        return Padding("none")
    if numbers and all(isinstance(window.padding, tuple) for window in used):
        return _numbers(constant(numbers))
    if "half" in ways:
        return Padding("half", _half(call.attributes["kernel"]))
    if "dilated" in ways:
        return Padding("half", _dilated(call, used[0]))
    if "same" in ways:
        steps = any(window.stride != (1, 1) for window in used)
        return Padding("same", steps=steps)
    if numbers is None:
        raise Unprintable("padding that differs from use to use", call.paths[0])
    return _numbers(constant(numbers))


def is_same(call: Call) -> bool:
    """Stride 1, and symmetric padding of an odd kernel, which is what `same` means."""
    return all("same" in w.ways() and w.stride == (1, 1) for w in windows(call))


def _numbers(amounts: Expression) -> Padding:
    """One number or two where opposite sides are alike."""
    match amounts:
        case Items((top, bottom, left, right)) if (top, left) == (bottom, right):
            return Padding("half", top if top == left else Items((top, left)))
        case _:
            return Padding("numbers", amounts)


def _half(kernel: Attribute) -> Expression:
    """Half of a kernel, which may be a number at one use and a pair at another."""
    by_axis = isinstance(kernel.expression, Constant | Items)
    if not by_axis and any(isinstance(value, tuple) for value in kernel.values):
        return FunctionCall("half_kernel", (kernel.expression,))
    return simplified(halved(kernel.expression))


def _dilated(call: Call, window: Window) -> Expression:
    """`dilation * (kernel // 2)`."""
    sizes: list[Expression] = []
    for name, (number, _) in (("dilation", window.dilation), ("kernel", window.kernel)):
        attribute = call.attributes[name]
        if constant_value(attribute.expression) is not None:
            sizes.append(Constant(number))
        elif any(isinstance(value, tuple) for value in attribute.values):
            raise Unprintable(f"'{name}' as both a number and a pair", call.paths[0])
        else:
            sizes.append(attribute.expression)
    return simplified(Binary("*", sizes[0], halved(sizes[1])))
