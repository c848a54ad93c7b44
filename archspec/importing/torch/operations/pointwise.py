"""Activations, dropout, sums and products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from archspec.importing.arranging import rounded
from archspec.importing.building import Builder, Constant, Stacked
from archspec.importing.layouts import Lacking, Unreadable, Value
from archspec.importing.torch.operations.registry import (
    OPERATIONS,
    reads,
)

_KINDS = {
    "relu": "relu",
    "relu6": "relu6",
    "hardswish": "hard_swish",
    "hardsigmoid": "hard_sigmoid",
    "silu": "swish",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "mish": "mish",
}


def _activation(kind: str) -> Callable[..., Value]:
    def reading(builder: Builder, x: Value) -> Value:
        return builder.pointwise("activation", x, kind=kind)

    return reading


for _name, _kind in _KINDS.items():
    OPERATIONS[_name] = _activation(_kind)


@reads("hardtanh")
def _hardtanh(
    builder: Builder, x: Value, min_val: float = -1, max_val: float = 1
) -> Value:
    if (min_val, max_val) != (0, 6):
        raise Unreadable(
            f"hardtanh from {min_val:g} to {max_val:g}; the language has relu6"
        )
    return builder.pointwise("activation", x, kind="relu6")


@reads("clamp", "clamp_min")
def _clamp(
    builder: Builder, x: Value, min: float | None = None, max: float | None = None
) -> Value:
    if min != 0 or max not in (None, 6):
        raise Unreadable("clamp to other bounds than those of relu and relu6")
    return builder.pointwise("activation", x, kind="relu6" if max else "relu")


@reads("gelu")
def _gelu(builder: Builder, x: Value, approximate: str = "none") -> Value:
    kind = "gelu" if approximate == "none" else "gelu_tanh"
    return builder.pointwise("activation", x, kind=kind)


@reads("leaky_relu")
def _leaky_relu(builder: Builder, x: Value, negative_slope: float = 0.01) -> Value:
    slope = rounded(negative_slope)
    return builder.pointwise("activation", x, kind="leaky_relu", slope=slope)


@reads("softmax", "_softmax")
def _softmax(
    builder: Builder, x: Value, dim: int, dtype: Any = None, half_to_float: bool = False
) -> Value:
    return builder.channelwise("activation", x, dim, {}, kind="softmax")


@reads("dropout")
def _dropout(builder: Builder, x: Value, p: float, train: bool = False) -> Value:
    if train and p:
        raise Unreadable("dropout that is not turned off when a model is not trained")
    return builder.pointwise("dropout", x, rate=rounded(p)) if p else x


@reads("add")
def _add(builder: Builder, x: Any, other: Any, alpha: float = 1) -> Value:
    if alpha != 1:
        other = _mul(builder, other, alpha)
    if isinstance(x, Value) and isinstance(other, Value):
        return builder.join("add", [x, other])
    value, constant = (x, other) if isinstance(x, Value) else (other, x)
    return builder.shifted(value, constant)


@reads("sub")
def _sub(builder: Builder, x: Any, other: Any, alpha: float = 1) -> Value:
    if alpha != 1:
        other = _mul(builder, other, alpha)
    if isinstance(x, Value) and isinstance(other, Value):
        return builder.join("subtract", [x, other])
    if not isinstance(x, Value):
        return builder.shifted(builder.scaled(other, -1), x)
    if isinstance(other, Constant):
        return builder.shifted(x, other.computed(-other.array))
    return builder.shifted(x, -other)


@reads("rsub")
def _rsub(builder: Builder, x: Value, other: Any, alpha: float = 1) -> Value:
    return _sub(builder, other, x, alpha)


@reads("neg")
def _neg(builder: Builder, x: Value) -> Value:
    return builder.scaled(x, -1)


@reads("mul")
def _mul(builder: Builder, x: Any, other: Any) -> Any:
    if not isinstance(x, Value) and not isinstance(other, Value):
        return x.computed(x.array * other)
    if isinstance(x, Value) and isinstance(other, Value):
        return builder.join("multiply", [x, other])
    value, constant = (x, other) if isinstance(x, Value) else (other, x)
    return builder.scaled(value, constant)


@reads("cat")
def _cat(builder: Builder, tensors: Sequence[Any], dim: int = 0) -> Value:
    kept = [each for each in tensors if 0 not in each.shape]
    if len(kept) == 1:
        return kept[0]
    return builder.concat(kept, dim)


@reads("stack")
def _stack(builder: Builder, tensors: Sequence[Any], dim: int = 0) -> Stacked:
    return builder.stacked(tensors, dim)


@reads("div")
def _div(builder: Builder, x: Any, other: Any) -> Value:
    if isinstance(other, Value) or not isinstance(x, Value):
        raise Lacking("a quotient of tensors")
    if isinstance(other, Constant):
        return builder.scaled(x, other.computed(1 / other.array.astype("float64")))
    return builder.scaled(x, 1 / other)


@reads("pow")
def _pow(builder: Builder, x: Value, exponent: float) -> Value:
    if exponent != 2:
        raise Lacking("the language has no powers but squares")
    return _square(builder, x)


@reads("square")
def _square(builder: Builder, x: Value) -> Value:
    return builder.join("multiply", [x, x])
