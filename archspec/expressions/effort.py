"""A budget for expressions: a small document can ask for billions of their parts."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from archspec.errors import SpecError

MAX_EFFORT = 300_000
"""Parts that are visited in one elaboration; the zoo's largest needs some 6,000."""

_left: ContextVar[tuple[int, Iterator[int]] | None] = ContextVar("left", default=None)


@contextmanager
def limited_effort(parts: int = MAX_EFFORT) -> Generator[None]:
    """Within it, `spend` raises SpecError (AS306) after so many parts."""
    token = _left.set((parts, iter(range(parts))))
    try:
        yield
    finally:
        _left.reset(token)


def spend() -> None:
    """Account for one part that is visited, for whatever purpose."""
    budget = _left.get()
    if budget is None:
        return
    parts, left = budget
    if next(left, None) is None:
        message = f"expressions have more than {parts:,} parts, counted at each use"
        help = "compute repeated expressions once, in 'let' or 'define'"
        raise SpecError.single("AS306", message, help=help)
