"""What a window's padding amounts to over all its uses, whatever the framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from archspec.expressions import Binary, Constant, Expression
from archspec.ops import OPS
from archspec.ops.window import Window
from archspec.targets.specialise.model import Attribute, Call
from archspec.targets.symbols import constant, constant_value
from archspec.targets.unprintable import Unprintable


@dataclass(frozen=True, slots=True)
class Padding:
    """How to pad.

    none: nothing, at every size. half: `amount` on every side. same: as TensorFlow
    does, at stride 1 (`steps` false) or more. numbers: `amounts` in the order top,
    bottom, left, right.
    """

    kind: Literal["none", "half", "same", "numbers"]
    amount: Expression | None = None
    amounts: Attribute | None = None
    steps: bool = False


def windows(call: Call) -> list[Window]:
    """The window of each use."""
    count = len(call.inputs)
    found: list[Window] = []
    for index in range(count):
        values = {name: a.values[index] for name, a in call.attributes.items()}
        primitive: Any = OPS[call.op].model_validate(values)
        found.append(primitive.window)
    return found


def plan(call: Call) -> Padding:
    """The simplest padding that is right at every use and at every input size."""
    used = windows(call)
    padding = call.attributes["padding"]
    if all(_never_pads(window) for window in used):
        return Padding("none")
    halves, amount = all(_is_half(window) for window in used), _half(call, used)
    if amount is not None and (halves or padding.is_only("symmetric")):
        return Padding("half", amount)
    if halves or padding.is_only("same"):
        steps = any(window.stride != (1, 1) for window in used)
        return Padding("same", steps=steps)
    if not all(isinstance(window.padding, tuple) for window in used):
        raise Unprintable("padding that differs in kind from use to use", call.paths[0])
    return Padding("numbers", amounts=padding)


def _never_pads(window: Window) -> bool:
    if window.padding in ("same", "symmetric"):
        return window.kernel == (1, 1)
    return window.padding in ("valid", (0, 0, 0, 0))


def _is_half(window: Window) -> bool:
    """`same` at stride 1 with an odd kernel is symmetric."""
    odd = all(size % 2 for size in window.kernel)
    return window.padding in ("same", "symmetric") and odd and window.stride == (1, 1)


def _half(call: Call, used: list[Window]) -> Expression | None:
    """`dilation * (kernel // 2)`, unless one of them is now a number, now a pair."""
    kernel = call.attributes["kernel"].expression
    dilations = call.attributes.get("dilation")
    spread = dilations.expression if dilations else Constant(1)
    fixed = (constant_value(kernel), constant_value(spread))
    if None not in fixed:
        top, _, left, _ = used[0].amounts(used[0].kernel)
        return constant((top, left))
    if any(w.kernel[0] != w.kernel[1] or w.dilation[0] != w.dilation[1] for w in used):
        return None
    half: Expression = Binary("//", kernel, Constant(2))
    if fixed[0] is not None:
        half = Constant(used[0].kernel[0] // 2)
    if fixed[1] is not None:
        spread = Constant(used[0].dilation[0])
    factors = [factor for factor in (spread, half) if factor != Constant(1)]
    return factors[0] if len(factors) == 1 else Binary("*", *factors)
