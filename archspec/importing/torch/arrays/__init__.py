"""What PyTorch's operations compute of arrays.

Each function has the arguments of PyTorch's schema, the first of them by its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archspec.importing.torch.arrays.making import MADE
from archspec.importing.torch.arrays.moving import MOVED
from archspec.importing.torch.arrays.numbers import COMPUTED, EACH, REDUCED

FUNCTIONS: dict[str, Callable[..., Any]] = MOVED | EACH | REDUCED | COMPUTED | MADE

MOVING = frozenset(MOVED)
"""Operations that only move numbers."""
REDUCING = frozenset(REDUCED)
CHAINED = frozenset(EACH) | REDUCING
"""Operations whose chains may be an op."""
