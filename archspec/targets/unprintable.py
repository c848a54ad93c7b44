"""Features that a target does not support, with their places."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from archspec.errors import Place

Result = TypeVar("Result")


class Unprintable(Exception):
    """What has no form in the names at hand, or none in a framework.

    `path` is that of a layer of the network, or says in words where it stands; `block`
    is the document's block around it, "" in the network itself.
    """

    def __init__(self, message: str, path: str = "", help: str = ""):
        super().__init__(message)
        self.path = path
        self.help = help
        self.place: Place | None = None
        self.block = ""


@contextmanager
def located(place: Place | None, path: str, block: str = "") -> Generator[None]:
    """Tell what is unprintable where it stands: the innermost place wins."""
    try:
        yield
    except Unprintable as error:
        error.place, error.path = error.place or place, error.path or path
        error.block = error.block or block
        raise


def refined(
    attempt: Callable[[frozenset[str]], Result], finest: frozenset[str] = frozenset()
) -> Result:
    """The result of an attempt, which is given the blocks to split into single uses.

    What has no form for several uses of a block mostly has one for each of them.
    """
    try:
        return attempt(finest)
    except Unprintable as error:
        if not error.block or error.block in finest:
            raise
        return refined(attempt, finest | {error.block})
