"""The words that a spec can say, apart from its own names.

Expressions have to know them before any op is loaded.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from math import erf, pi
from typing import Any, Literal, NamedTuple, get_args

STRUCTURES = (
    *("add", "subtract", "multiply", "concat"),
    *("attention", "linear_attention", "separable_attention"),
)
"""The ops with branches."""

MODIFIERS = ("when", "repeat", "then", "from", "after", "before")
"""What stands beside the op of any layer."""

PaddingWord = Literal["same", "symmetric", "valid"]
Mode = Literal["nearest", "nearest_floor", "bilinear"]
Order = Literal["channels_first", "channels_last"]
Distribution = Literal["normal", "truncated_normal", "uniform"]
Bias = Literal["signed", "absolute"]
Fan = Literal["fan_in", "fan_out", "fan_avg"]


class Formula(NamedTuple):
    """An activation: `of(x, xp)` for an array and its library, which is NumPy."""

    of: Callable[[Any, Any], Any]
    non_negative: bool = False
    """Whether no value is below 0, whatever the array holds."""
    by_output: bool = False
    """Whether PyTorch takes its derivative from its output, not from its input."""


def _sigmoid(x: Any, xp: Any) -> Any:
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1.0, small) / (1 + small)


def _softmax(x: Any, xp: Any) -> Any:
    powers = xp.exp(x - x.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


ACTIVATIONS: Mapping[str, Formula] = {
    "relu": Formula(lambda x, xp: xp.maximum(x, 0), True, by_output=True),
    "relu6": Formula(lambda x, xp: xp.clip(x, 0, 6), non_negative=True),
    "leaky_relu": Formula(lambda x, xp: x, by_output=True),  # its op applies the slope
    # Howard et al. 2019, MobileNetV3, section 5.2
    "hard_swish": Formula(lambda x, xp: x * xp.clip(x + 3, 0, 6) / 6),
    "hard_sigmoid": Formula(lambda x, xp: xp.clip(x + 3, 0, 6) / 6, non_negative=True),
    "sigmoid": Formula(_sigmoid, True, by_output=True),
    "swish": Formula(lambda x, xp: x * _sigmoid(x, xp)),
    "mish": Formula(lambda x, xp: x * xp.tanh(xp.logaddexp(x, 0))),
    "gelu": Formula(lambda x, xp: x * (1 + xp.vectorize(erf)(x / 2**0.5)) / 2),
    "gelu_tanh": Formula(
        lambda x, xp: x * (1 + xp.tanh((2 / pi) ** 0.5 * (x + 0.044715 * x**3))) / 2
    ),
    "tanh": Formula(lambda x, xp: xp.tanh(x), by_output=True),
    "softmax": Formula(_softmax, True, by_output=True),
    "identity": Formula(lambda x, xp: x),
}

CHOICES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("activation", "gate", "kind"), tuple(ACTIVATIONS)),
    "mode": get_args(Mode),
    "order": get_args(Order),
    "padding": get_args(PaddingWord),
    "relative_bias": get_args(Bias),
}
"""The words that an attribute or argument of this name takes."""

_LITERALS = PaddingWord, Mode, Order, Distribution, Fan, Bias
WORDS = frozenset(chain(ACTIVATIONS, *map(get_args, _LITERALS)))
"""What stands for itself in an expression."""
