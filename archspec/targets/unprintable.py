"""What cannot be printed, told where it stands."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from archspec.errors import Place


class Unprintable(Exception):
    """What has no form in the names at hand, or none in a framework.

    `path` is that of a layer of the network, or says in words where it stands.
    """

    def __init__(self, message: str, path: str = "", help: str = ""):
        super().__init__(message)
        self.path = path
        self.help = help
        self.place: Place | None = None


class Differing(Unprintable):
    """A use of a block that cannot be printed together with the others.

    It is shown where the network makes this use, not in the block.
    """

    def __init__(self, message: str, path: str):
        super().__init__(message, path, "write a block of its own for this use")


class Named(Unprintable):
    """An argument or `let` of a block that has to be called something else."""

    def __init__(self, message: str, name: str):
        super().__init__(message, help=f"try '{name}_'")
        self.name = name


@contextmanager
def located(place: Place | None, path: str) -> Generator[None]:
    """Tell what is unprintable where it stands: the innermost place wins."""
    try:
        yield
    except Unprintable as error:
        error.place, error.path = error.place or place, error.path or path
        raise
