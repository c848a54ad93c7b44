"""Everything archspec can complain about.

    ArchspecError
    ├── SpecError     the document is wrong: diagnostics, each with its place
    ├── ShapeError    an op cannot take its input; elaboration turns it into a SpecError
    └── FileRefused   a file that a user may have edited is in the way

A diagnostic has a stable code: AS1xx YAML, AS2xx schema and names, AS3xx shapes,
AS4xx what a target cannot do, AS5xx files.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

MAX_SHOWN = 160
"""Characters of a line that are shown with a diagnostic."""


class Place(NamedTuple):
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    source: str = ""
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def shown(self) -> list[str]:
        """The line with a caret below; of a long line the part around the place."""
        if not self.source:
            return []
        start = (
            max(0, self.column - MAX_SHOWN // 2) if len(self.source) > MAX_SHOWN else 0
        )
        text = self.source[start : start + MAX_SHOWN]
        before = self.column - 1 - start
        caret = " " * before + "^" * max(1, min(self.length, len(text) - before))
        number = str(self.line)
        return [f"   {number} | {text}", f"   {' ' * len(number)} | {caret}"]


class Diagnostic(NamedTuple):
    """One complaint: what is wrong, where, and what to do about it."""

    code: str
    message: str
    place: Place | None = None
    path: str = ""
    help: str = ""

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.message}"]
        if self.place is not None:
            lines.append(f"  --> {self.place}")
            lines += self.place.shown()
        if self.path:
            lines.append(f"   in: {self.path}")
        if self.help:
            lines.append(f"   help: {self.help}")
        return "\n".join(map(_printable, lines))


def _printable(text: str) -> str:
    """Without what a terminal would take for a command."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


class ArchspecError(Exception):
    """The base of every error that a user can cause."""


class SpecError(ArchspecError):
    """The spec is wrong; `diagnostics` says where, in order of position."""

    def __init__(self, diagnostics: Sequence[Diagnostic]):
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))

    @classmethod
    def single(
        cls,
        code: str,
        message: str,
        place: Place | None = None,
        *,
        path: str = "",
        help: str = "",
    ) -> SpecError:
        """One diagnostic as an error."""
        return cls([Diagnostic(code, message, place, path, help)])

    def at(self, place: Place | None = None, path: str = "") -> SpecError:
        """Fill in the place and path of the diagnostics that have none."""
        return SpecError(
            [
                found._replace(place=found.place or place, path=found.path or path)
                for found in self.diagnostics
            ]
        )


class ShapeError(ArchspecError):
    """An op cannot take an input of this shape; the message gives the arithmetic."""


class FileRefused(ArchspecError):
    """Writing would destroy what somebody else wrote (exit code 3)."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The start of a help text: the nearest known name, or an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""
