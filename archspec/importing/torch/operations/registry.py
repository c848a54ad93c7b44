"""Where readings of operations register themselves, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

OPERATIONS: dict[str, Callable[..., Any]] = {}
"""Readings by the operation's name, without namespace and overload."""


def reads(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a reading of these operations.

    It has the arguments of PyTorch's schema, the first of which is a tensor or a list
    of tensors. Operations in place have the same names without their underscore.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            OPERATIONS[name] = function
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
