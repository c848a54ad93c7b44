"""Where readings of operations register themselves, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Reading = Callable[..., Any]

OPERATIONS: dict[str, Reading] = {}
"""Readings by the operation's name, without namespace and overload."""

SCORES: dict[str, Reading] = {}
"""Those of operations on scores of attention, which are no tensor of the language."""


def reads(*names: str) -> Callable[[Reading], Reading]:
    """Register a reading of these operations.

    It has the arguments of PyTorch's schema, the first of which is a tensor or a list
    of tensors. Operations in place have the same names without their underscore.
    """
    return _registering(OPERATIONS, names)


def reads_scores(*names: str) -> Callable[[Reading], Reading]:
    """Register a reading of these operations on scores, which needs no builder."""
    return _registering(SCORES, names)


def _registering(
    table: dict[str, Reading], names: Sequence[str]
) -> Callable[[Reading], Reading]:
    def register(function: Reading) -> Reading:
        table.update(dict.fromkeys(names, function))
        return function

    return register


def pair(value: Sequence[int] | int) -> tuple[int, int]:
    """Height and width of one or two numbers."""
    numbers = [value] if isinstance(value, int) else list(value)
    return numbers[0], numbers[-1]


def rounded(number: float) -> float:
    """A setting as a person would write it: it was written as decimal digits."""
    return float(f"{number:.6g}")


def around(padding: Sequence[int] | int) -> tuple[int, int, int, int]:
    """The same padding on both sides."""
    vertical, horizontal = pair(padding)
    return vertical, vertical, horizontal, horizontal
