"""What a window's padding amounts to over all its uses, whatever the framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from archspec.expressions import Binary, Constant, Expression, Items, Value
from archspec.expressions import Call as FunctionCall
from archspec.ops import OPS
from archspec.ops.fields import Amounts
from archspec.ops.window import Window
from archspec.targets.code import collapsed, literal
from archspec.targets.program.calls import Argument, Attribute, Call
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
    own = [a.values for name, a in call.attributes.items() if name in Window._fields]
    found: dict[tuple[Value, ...], Window] = {}
    keys = [tuple(values[index] for values in own) for index in range(len(call.inputs))]
    for index, key in enumerate(keys):
        if key not in found:
            values = {name: a.values[index] for name, a in call.attributes.items()}
            primitive: Any = OPS[call.op](**values)
            found[key] = primitive.window
    return [found[key] for key in keys]


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


def pool_padding(call: Call) -> Argument:
    """The padding of a pool without `ceil`: none, `"SAME"`, or four amounts."""
    padding = plan(call)
    if padding.kind == "none":
        return None
    if padding.kind == "same":
        return literal("SAME")
    match padding.amount:
        case FunctionCall():
            raise Unprintable("a pool's kernel as both a number and a pair")
        case Items((down, across)):
            return Items((down, down, across, across))
        case Items():
            return padding.amount
        case amount:
            return Items((amount,) * 4)


def beyond(window: Window) -> Amounts:
    """How far the last windows of a pool may reach beyond its padding, due to `ceil`.

    At every size of the input: a stride less one, but no window starts in the padding.
    """
    if not window.ceil or window.padding == "same":
        return 0, 0, 0, 0
    _, bottom, _, right = window.amounts(window.kernel)
    (height, width), (down, across) = window.kernel, window.stride
    return 0, min(down, height - bottom) - 1, 0, min(across, width - right) - 1


def beyond_padding(call: Call) -> tuple[Amounts, Amounts] | None:
    """The padding of a pool with `ceil`, and how far beyond it the last window may be.

    None where there is nothing beyond.
    """
    if call.attributes["ceil"].constant is False or plan(call).kind == "same":
        return None
    found = {(w.amounts(w.kernel), beyond(w)) for w in windows(call)}
    if len(found) > 1:
        raise Unprintable(f"{call.op} with 'ceil' and several paddings", call.paths[0])
    inner, around = found.pop()
    return (inner, around) if any(around) else None


def per_axis(attribute: Attribute) -> Argument:
    """A size for each axis, where a spec may have one for both."""
    expression, value = attribute.expression, constant_value(attribute.expression)
    if value is not None:
        return literal(value if isinstance(value, tuple) else (value, value))
    pairs = {isinstance(collapsed(value), tuple) for value in attribute.values}
    if isinstance(expression, Items) or pairs == {True}:
        return expression
    if not any(isinstance(value, tuple) for value in attribute.values):
        return Items((expression, expression))
    return FunctionCall("pair", (expression,))
