"""The line of a file at which each of its layers is made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def births(kind: Any, file: str) -> Generator[Callable[[object], int | None]]:
    """While it lasts, notes where in `file` objects of this class are made.

    Gives a function from an object to its line. A constructor of the object's own class
    is no such place, nor is a function that the file calls.
    """
    lines: dict[int, tuple[object, int]] = {}
    original = kind.__init__

    def noting(self: object, *arguments: Any, **named: Any) -> None:
        line = _line(sys._getframe(1), self, file)  # pyright: ignore[reportPrivateUsage]
        if line is not None:
            lines[id(self)] = self, line  # the object, lest its number be used again
        original(self, *arguments, **named)

    kind.__init__ = noting
    try:
        yield lambda made: lines.get(id(made), (None, None))[1]
    finally:
        kind.__init__ = original


def _line(frame: FrameType | None, made: object, file: str) -> int | None:
    while frame is not None:
        if frame.f_code.co_filename == file and frame.f_locals.get("self") is not made:
            return frame.f_lineno
        frame = frame.f_back
    return None
