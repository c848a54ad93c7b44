"""A text's tables as a terminal shows them: fitted to its width, shares as bars.

The text is what a pipe gets. A table is a header, a line of dashes below each column,
and rows up to an empty line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile, zip_longest
from textwrap import fill

from rich import box
from rich.bar import Bar
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

NAME, TEXT = 24, 8
"""Characters that are left of the first column of text, and of others."""

SHORTEST, LONGEST = 10, 24
"""Characters of a bar."""

FULL = 70
"""Characters of a line that the next one continues."""

_WORD = re.compile(r"[^ _.]*[ _.]?")
_START = re.compile(r" *(\S+  +)?(?=\S)")
"""What the further lines of a sentence are indented by: a name before it, too."""

_RULE = re.compile(r"-+(?:  -+)*")


@dataclass(frozen=True)
class Column:
    """Its cells, the header first, and the width at which it is shown."""

    cells: tuple[str, ...]
    is_number: bool
    width: int
    least: int = 0
    """The width that is left of text, at least."""

    @property
    def is_share(self) -> bool:
        """Whether it is a share or ratio of the column before."""
        return self.is_number and self.cells[0] in {"share", ""}

    @property
    def narrowest(self) -> Column:
        """With its header on several lines, and text cut off."""
        if not self.is_number:
            return replace(self, width=min(self.least, self.width))
        words = [word.strip() for word in _WORD.findall(self.cells[0])]
        return replace(self, width=max(map(cell_len, [*words, *self.cells[1:]])))

    @property
    def header(self) -> str:
        """On as many lines as its width asks for."""
        lines = [""]
        for word in _WORD.findall(self.cells[0]):
            if lines[-1] and cell_len(lines[-1] + word.strip()) > self.width:
                lines.append("")
            lines[-1] += word
        return "\n".join(map(str.strip, lines))


def show(text: str, *, colour: bool) -> None:
    """Print a text on the terminal of stdout."""
    console = Console(
        file=sys.stdout,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for lines in _parts(text.removesuffix("\n").split("\n")):
        if _is_table(lines):
            _show(console, [*_columns(lines)])
        else:
            console.print(Text(_wrapped(lines, console.width)))


def _is_table(lines: Sequence[str]) -> bool:
    return len(lines) > 1 and _RULE.fullmatch(lines[1]) is not None


def _parts(lines: Sequence[str]) -> Iterator[list[str]]:
    """The lines of each table, and those of each sentence."""
    rest = [*lines]
    while rest:
        is_table = bool(rest[0]) and _is_table(rest)
        part = [*takewhile(bool, rest)] if is_table else [*_sentence(rest)]
        del rest[: len(part)]
        yield part


def _sentence(lines: Iterable[str]) -> Iterator[str]:
    """The first line, and those after full ones, up to one that has columns."""
    is_full = True
    for number, line in enumerate(lines):
        if number and (not is_full or not line or "  " in line):
            return
        yield line
        is_full = len(line) > FULL and "  " not in line


def _wrapped(lines: Sequence[str], width: int) -> str:
    if max(map(cell_len, lines)) <= width:
        return "\n".join(lines)
    start = _START.match(lines[0])
    indent = " " * (start.end() if start else 0)
    return fill(" ".join(lines), width, subsequent_indent=indent)


def _columns(lines: Sequence[str]) -> Iterator[Column]:
    rows = [lines[0], *lines[2:]]
    spans = [match.span() for match in re.finditer("-+", lines[1])]
    for number, (start, end) in enumerate(spans):
        stop = end if number < len(spans) - 1 else None
        raw = [row[start:stop] for row in rows]
        is_number = any(cell[:1] == " " and cell.strip() for cell in raw)
        cells = tuple(cell.strip() for cell in raw)
        least = TEXT if number else NAME
        yield Column(cells, is_number, max(map(cell_len, cells)), least)


def fitted(columns: Sequence[Column], width: int) -> tuple[list[Column], int]:
    """The columns that fit a width, and the gap between them.

    First the gap shrinks, then headers are broken and text is cut. Columns that cannot
    fit so are left out: shares, then text, then numbers from the right; never the
    first, and last the last number.
    """
    gap = 2 if _total(columns, 2) <= width else 1
    kept = [*columns]
    for column in _dispensable(columns):
        is_derived = column.is_share and _total(map(_folded, kept), gap) > width
        if is_derived or _total([other.narrowest for other in kept], gap) > width:
            kept = [other for other in kept if other is not column]
    return _narrowed(kept, width - gap * (len(kept) - 1)), gap


def _dispensable(columns: Sequence[Column]) -> list[Column]:
    """All columns but the first, in the order in which they are left out."""
    rest = columns[:0:-1]
    text = [column for column in rest if not column.is_number]
    shares = [column for column in rest if column.is_share]
    numbers = [column for column in rest if column.is_number and not column.is_share]
    return [*reversed(shares), *text, *numbers[1:], *numbers[:1]]


def _narrowed(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns made narrower until they fit, without gaps: headers, then text."""
    found = [*columns]
    while _total(found, 0) > width:
        ample = [column for column in found if column.width > column.narrowest.width]
        if not ample:
            break
        widest = max(ample, key=lambda column: (column.is_number, column.width))
        place = found.index(widest)
        found[place] = replace(widest, width=widest.width - 1)
    return found


def _folded(column: Column) -> Column:
    return column.narrowest if column.is_number else column


def _total(columns: Iterable[Column], gap: int) -> int:
    widths = [column.width for column in columns]
    return sum(widths) + gap * (len(widths) - 1)


def _show(console: Console, columns: Sequence[Column]) -> None:
    """Print a table, and the names of the columns that do not fit."""
    shown, gap = fitted(columns, console.width)
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, gap - 1),
        border_style="dim",
    )
    for column in shown:
        table.add_column(
            Text(column.header),
            width=column.width,
            no_wrap=True,
            justify="right" if column.is_number else "left",
        )
    bars = _bars(shown, console.width - _total(shown, gap) - gap)
    rows = zip(*(column.cells[1:] for column in shown), strict=True)
    for row, bar in zip_longest(rows, bars):
        style = "bold" if row[0] == "total" else None
        table.add_row(*map(Text, row), *([bar] if bars else []), style=style)
    console.print(table)
    kept = [column.cells for column in shown]
    hidden = [
        column.cells[0] or "ratio" for column in columns if column.cells not in kept
    ]
    if hidden:
        told = f"hidden at this width: {', '.join(dict.fromkeys(hidden))}"
        console.print(Text(told, style="dim"))


def _bars(columns: Sequence[Column], room: int) -> list[Bar]:
    """A bar for each row of a table that ends with shares, if there is room for any."""
    if columns[-1].cells[0] != "share" or room < SHORTEST:
        return []
    names, cells = columns[0].cells[1:], columns[-1].cells[1:]
    shares = [
        0 if n == "total" else _number(c) for n, c in zip(names, cells, strict=True)
    ]
    width, most = min(room, LONGEST), max(shares)
    return [Bar(most, 0, share, width=width, color="cyan") for share in shares]


def _number(share: str) -> float:
    return float(share.removesuffix("%")) if share.endswith("%") else 0
