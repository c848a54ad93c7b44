"""Positions in a text: offsets, and lines and columns as editors and places count."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

from archspec.errors import Place
from archspec.reading.reader import BREAK

_EDITOR_BREAK = re.compile("\r\n|[\n\r]")


class Position(NamedTuple):
    """A line and a column, both counted from 0."""

    line: int
    column: int


class Span(NamedTuple):
    """From an offset to before another one."""

    start: int
    end: int


class Lines:
    """The lines of a text; editors break them at fewer characters than YAML does."""

    def __init__(self, text: str):
        self.text = text
        ends = (match.end() for match in _EDITOR_BREAK.finditer(text))
        self.starts = [0, *ends]

    @cached_property
    def _yaml_starts(self) -> list[int]:
        return [0, *(match.end() for match in BREAK.finditer(self.text))]

    def position(self, offset: int, unit: str = "utf-16") -> Position:
        """Where an offset is; `unit` is the encoding whose units an editor counts."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset) - 1
        before = self.text[self.starts[line] : offset]
        return Position(line, _units(before, unit))

    def offset(self, position: Position, unit: str = "utf-16") -> int:
        """The offset of a position; beyond the end of a line, its end."""
        if position.line >= len(self.starts):
            return len(self.text)
        start = self.starts[max(0, position.line)]
        line = self.line(max(0, position.line))
        units = 0
        for column, character in enumerate(line):
            if units >= position.column:
                return start + column
            units += _units(character, unit)
        return start + len(line)

    def line(self, number: int) -> str:
        """A line without its break."""
        last = number + 1 == len(self.starts)
        end = len(self.text) if last else self.starts[number + 1]
        return self.text[self.starts[number] : end].rstrip("\r\n")

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends, its break excluded."""
        number = bisect_right(self.starts, offset) - 1
        return self.starts[number] + len(self.line(number))

    def span(self, place: Place) -> Span:
        """The part of the text at a place, which may be of an earlier version."""
        starts = self._yaml_starts
        if place.line > len(starts):
            return Span(len(self.text), len(self.text))
        first = starts[place.line - 1]
        start = min(first + place.column - 1, self.line_end(first))
        return Span(start, max(start, min(start + place.length, self.line_end(start))))


def _units(text: str, unit: str) -> int:
    if text.isascii() or unit == "utf-32":
        return len(text)
    if unit == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
