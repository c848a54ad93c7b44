"""Colours on a terminal, unless NO_COLOR is set; elsewhere only with FORCE_COLOR."""

from __future__ import annotations

import os
import re
import sys

_MESSAGE = {
    r"^(error|refused)(\[\w+\])?:": "1;31",
    r"^warning(\[\w+\])?:": "1;33",
    r"^note(\[\w+\])?:": "1;36",
    r"^  -->(?= )|^ +\d* \|": "34",
    r"(?<= )\^+$": "1;31",
    r"^   (help|in):": "1;36",
}
_TABLE = {
    r"^.+$(?=\n-+(  -+)*$)|^total .+$": "1",
    r"^-+(  -+)*$": "2",
}
_DIFF = {r"^\+.*$": "32", r"^-.*$": "31", r"^@@.*$": "36"}


def message(text: str) -> str:
    """Errors, warnings and notes for stderr."""
    return _coloured(text, _MESSAGE, sys.stderr)


def table(text: str) -> str:
    """Tables for stdout."""
    return _coloured(text, _TABLE, sys.stdout)


def diff(text: str) -> str:
    """A unified diff for stdout."""
    return _coloured(text, _DIFF, sys.stdout)


def wanted(stream: object) -> bool:
    """Whether a stream shows colours."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    is_terminal = getattr(stream, "isatty", bool)()
    return is_terminal and os.environ.get("TERM") != "dumb"


def _coloured(text: str, rules: dict[str, str], stream: object) -> str:
    """The text, each of whose lines is free of control characters."""
    if not wanted(stream):
        return text
    for pattern, code in rules.items():
        text = re.sub(pattern, f"\x1b[{code}m\\g<0>\x1b[0m", text, flags=re.MULTILINE)
    return text
