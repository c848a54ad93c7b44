"""The lines of a generated file: where layers are made, and where one fails."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class LayerFailed(Exception):
    """An exception in a layer, which is its cause; `layer` is "" if it is not known."""

    def __init__(self, layer: str):
        super().__init__(layer)
        self.layer = layer


class Constructed(dict[int, tuple[object, int, str]]):
    """Objects by their ids, each with the line that made it and the name it was given.

    The object itself is in it lest its id be used again.
    """

    def line(self, made: object) -> int | None:
        """The line of the file at which this object was made."""
        return self[id(made)][1] if id(made) in self else None


@contextmanager
def constructed(
    kind: Any, file: str, method: str = "__init__"
) -> Generator[Constructed]:
    """While it lasts, notes where in `file` objects of this class are made.

    That is by its constructor, or by another method that returns them, as `__call__` of
    a metaclass. A constructor of the object's own class is no such place, nor is a
    function that the file calls.
    """
    known = Constructed()
    original: Callable[..., object] = getattr(kind, method)

    def noting(self: object, *arguments: Any, **named: Any) -> object:
        frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        line = next((f.f_lineno for f in _callers(frame, file, self)), None)
        if line is not None:
            known[id(self)] = self, line, named.get("name") or ""
        made = original(self, *arguments, **named)
        if line is not None and made is not None:
            known[id(made)] = made, line, ""
        return made

    setattr(kind, method, noting)
    try:
        yield known
    finally:
        setattr(kind, method, original)


def _callers(frame: FrameType | None, file: str, made: object) -> Iterator[FrameType]:
    while frame is not None:
        if frame.f_code.co_filename == file and frame.f_locals.get("self") is not made:
            yield frame
        frame = frame.f_back


def frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """Where an exception passed, outermost first, each with its line."""
    found: list[tuple[FrameType, int]] = []
    trace = error.__traceback__
    while trace is not None:
        found.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return found


def failing_line(error: BaseException, file: str) -> int | None:
    """The innermost line of the file that an exception passed."""
    passed = [n for frame, n in frames(error) if frame.f_code.co_filename == file]
    return passed[-1] if passed else None
