"""How wide texts are, so that boxes fit them without a browser."""

from __future__ import annotations

from itertools import accumulate, takewhile
from unicodedata import east_asian_width

FONTS = "Arial, 'Liberation Sans', Arimo, Helvetica, sans-serif"
"""Fonts with the widths below, as CSS takes them."""

_UNITS = 2048
"""Of an em, in which these fonts are drawn."""


def _by_character(widths: dict[int, str]) -> dict[str, int]:
    return {c: width for width, characters in widths.items() for c in characters}


_REGULAR = _by_character(
    {
        391: "'",
        455: "ijl",
        532: "|",
        569: " !,./:;I[\\]ft\N{MIDDLE DOT}",
        682: "()-`r",
        684: "{}",
        727: '"',
        797: "*",
        961: "^",
        1024: "Jcksvxyz",
        1139: "#$0123456789?L_abdeghnopqu\N{EN DASH}",
        1196: "+<=>~\N{MULTIPLICATION SIGN}\N{MINUS SIGN}",
        1251: "FTZ",
        1366: "&ABEKPSVXY",
        1479: "CDHNRUw",
        1593: "GOQ",
        1706: "Mm",
        1821: "%",
        1933: "W",
        2048: "\N{RIGHTWARDS ARROW}",
        2079: "@",
    }
)
_BOLD = _by_character(
    {
        487: "'",
        569: " ,./I\\ijl\N{MIDDLE DOT}",
        573: "|",
        682: "!()-:;[]`ft",
        797: "*r{}",
        971: '"',
        1024: "z",
        1139: "#$0123456789J_aceksvxy\N{EN DASH}",
        1196: "+<=>^~\N{MULTIPLICATION SIGN}\N{MINUS SIGN}",
        1251: "?FLTZbdghnopqu",
        1366: "EPSVXY",
        1479: "&ABCDHKNRU",
        1593: "GOQw",
        1706: "M",
        1821: "%m",
        1933: "W",
        1997: "@",
        2048: "\N{RIGHTWARDS ARROW}",
    }
)
_LETTER = 1500
"""Of a letter that is not in the tables: wider than nearly all of them."""

_WIDEST = 2560
"""Of any other character, such as one of Chinese or a pictograph."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a text on one line, in the unit of `size`."""
    return sum(_width(c, bold) for c in text) * size / _UNITS


def _width(character: str, bold: bool) -> int:
    known = (_BOLD if bold else _REGULAR).get(character)
    if known is not None:
        return known
    is_letter = character.isalpha() and east_asian_width(character) in "NaHA"
    return _LETTER if is_letter else _WIDEST


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, shortened to fit."""
    if width(text, size, bold=bold) <= room:
        return text
    left = room - width("...", size, bold=bold)
    ends = accumulate(width(character, size, bold=bold) for character in text)
    kept = sum(1 for _ in takewhile(lambda end: end <= left, ends))
    return text[:kept].rstrip() + "..."


def wrapped(text: str, room: float, size: float, lines: int) -> list[str]:
    """The text broken into at most so many lines, the last of them shortened."""
    found: list[str] = []
    words, most = text.split(), room + width(" ", size)
    while words and len(found) < lines - 1:
        ends = accumulate(width(f"{word} ", size) for word in words)
        fitting = sum(1 for _ in takewhile(lambda end: end <= most, ends)) or 1
        found.append(fitted(" ".join(words[:fitting]), room, size))
        words = words[fitting:]
    return [*found, fitted(" ".join(words), room, size)] if words else found
