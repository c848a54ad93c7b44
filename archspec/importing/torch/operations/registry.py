"""Where readings of operations register themselves, and what several of them need."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.importing.readings import Readings

OPERATIONS = Readings()
"""Readings by the operation's name, without namespace and overload.

They have the arguments of PyTorch's schema, the first of which is a tensor or a list of
tensors. Operations in place have the same names without their underscore.
"""

SCORES = Readings()
"""Those of operations on scores of attention, which are no tensor."""

reads, reads_scores = OPERATIONS.reads, SCORES.reads


def pair(value: Sequence[int] | int) -> tuple[int, int]:
    """Height and width of one or two numbers."""
    numbers = [value] if isinstance(value, int) else list(value)
    return numbers[0], numbers[-1]


def around(padding: Sequence[int] | int) -> tuple[int, int, int, int]:
    """The same padding on both sides."""
    vertical, horizontal = pair(padding)
    return vertical, vertical, horizontal, horizontal
