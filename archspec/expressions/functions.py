"""The functions that every expression can call."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Mapping
from typing import Any

MAX_DIGITS = 15
"""To which `round` rounds: Python would compute 10 to any power."""


def round_channels(x: float, divisor: float = 8, keep: float = 0.9) -> int:
    """Round half up to a multiple of `divisor`, never below `keep` of `x`.

    `make_divisible` of TF-Slim's MobileNetV2 (Sandler et al. 2018). Raises ValueError
    for a divisor that is no whole number above 0, or a share not between 0 and 1.
    """
    if divisor != int(divisor) or divisor < 1:
        raise ValueError("divisor is a whole number above 0")
    if not 0 <= keep <= 1:
        raise ValueError("keep is a share between 0 and 1")
    divisor = int(divisor)
    rounded = max(divisor, int(x + divisor / 2) // divisor * divisor)
    return rounded if rounded >= keep * x else rounded + divisor


def round(x: float, digits: int | None = None) -> float:
    """Round half to even; raises ValueError for digits that no number has."""
    if digits is not None and abs(digits) > MAX_DIGITS:
        raise ValueError(f"digits are at most {MAX_DIGITS}, before or after the point")
    return builtins.round(x, digits)


BUILTINS: Mapping[str, Callable[..., Any]] = {
    "round_channels": round_channels,
    "round": round,
    "ceil": math.ceil,
    "floor": math.floor,
    "int": int,
    "min": min,
    "max": max,
}
