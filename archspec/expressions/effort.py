"""A budget for expressions: a small document can ask for billions of their parts."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from archspec.errors import SpecError

MAX_EFFORT = 300_000
"""Parts that are visited in one elaboration; the zoo's largest needs some 6,000."""


@dataclass(slots=True)
class Budget:
    """How many parts may be visited, and how many have been."""

    parts: int
    spent: int = 0


_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def limited_effort(parts: int = MAX_EFFORT) -> Generator[Budget]:
    """Within it, `spend` raises SpecError (AS306) after so many parts."""
    budget = Budget(parts)
    token = _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)


def spend(parts: int = 1) -> None:
    """Account for parts that are visited, for whatever purpose."""
    budget = _budget.get()
    if budget is None:
        return
    budget.spent += parts
    if budget.spent > budget.parts:
        message = (
            f"expressions have more than {budget.parts:,} parts, counted at each use"
        )
        help = "compute repeated expressions once, in 'let' or 'define'"
        raise SpecError.single("AS306", message, help=help)
