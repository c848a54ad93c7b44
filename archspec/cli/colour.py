"""Colours on a terminal, unless NO_COLOR is set; elsewhere only with FORCE_COLOR.

On a terminal the files in messages are links, too.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

_MESSAGE = {
    r"^(error|refused)(\[\w+\])?:": "1;31",
    r"^warning(\[\w+\])?:": "1;33",
    r"^note(\[\w+\])?:": "1;36",
    r"^  -->(?= )|^ +\d* \|": "34",
    r"(?<= )\^+$": "1;31",
    r"^   (help|in):": "1;36",
}
_PLACE = re.compile(r"(?<=^  --> )(.+):\d+:\d+$", re.MULTILINE)
_DIFF = {r"^\+.*$": "32", r"^-.*$": "31", r"^@@.*$": "36"}


def message(text: str) -> str:
    """Errors, warnings and notes for stderr."""
    if wanted(sys.stderr) and is_terminal(sys.stderr):
        text = _PLACE.sub(_linked, text)
    return _coloured(text, _MESSAGE, sys.stderr)


def diff(text: str) -> str:
    """A unified diff for stdout."""
    return _coloured(text, _DIFF, sys.stdout)


def wanted(stream: object) -> bool:
    """Whether a stream shows colours."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: object) -> bool:
    """Whether a stream is a terminal; a closed one is not."""
    return getattr(stream, "isatty", bool)()


def _linked(place: re.Match[str]) -> str:
    """A place as a link to its file, if it is in one."""
    if not os.path.isfile(place[1]):  # noqa: PTH113 - false for paths that are too long
        return place[0]
    address = Path(place[1]).absolute().as_uri()
    return f"\x1b]8;;{address}\x1b\\{place[0]}\x1b]8;;\x1b\\"


def _coloured(text: str, rules: dict[str, str], stream: object) -> str:
    """The text, each of whose lines is free of control characters."""
    if not wanted(stream):
        return text
    for pattern, code in rules.items():
        text = re.sub(pattern, f"\x1b[{code}m\\g<0>\x1b[0m", text, flags=re.MULTILINE)
    return text
