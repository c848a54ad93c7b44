"""Pages as a terminal shows them: tables fit its width, shares have bars."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import TextWrapper, fill

from rich import box
from rich.bar import Bar
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from archspec.tables import Kind, Page, Table, Title

LEAST = {"name": 24, "text": 8}
"""Characters that are left of a column, by its kind; others are not cut."""

SENTENCE = 24
"""Characters that a list needs for the text beside its names."""

SHORTEST, LONGEST = 10, 24
"""Characters of a bar."""

UNBOUNDED = 10_000
"""Characters of a line where the output is no terminal."""

_WORD = re.compile(r"[^ _.]*[ _.]?")


@dataclass(frozen=True, eq=False)
class ShownColumn:
    """The name and texts of a column; `bars` are shares over the largest."""

    name: str
    kind: Kind
    texts: Sequence[str]
    bars: Sequence[float] = ()

    @property
    def is_number(self) -> bool:
        """Whether it is aligned to the right, and not cut."""
        return self.kind not in LEAST

    @property
    def is_derived(self) -> bool:
        """Whether it follows from the column before."""
        return self.kind in {"ratio", "share"}

    @cached_property
    def width(self) -> int:
        """What it takes."""
        return max(map(cell_len, [self.name, *self.texts]))

    @cached_property
    def least(self) -> int:
        """The same with its name on several lines, and text cut off."""
        if least := LEAST.get(self.kind):
            return min(least, self.width)
        words = [word.strip() for word in _WORD.findall(self.name)]
        return max(map(cell_len, [*words, *self.texts]))

    def header(self, width: int) -> str:
        """The name, on as many lines as a width asks for."""
        lines = [""]
        for word in _WORD.findall(self.name):
            if lines[-1] and cell_len(lines[-1] + word.strip()) > width:
                lines.append("")
            lines[-1] += word
        return "\n".join(map(str.strip, lines))


def show(page: Page, *, colour: bool, is_terminal: bool) -> None:
    """Print a page to stdout."""
    console = Console(
        file=sys.stdout,
        force_terminal=colour,
        color_system="standard" if colour else None,
        width=None if is_terminal else UNBOUNDED,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for number, group in enumerate(page.groups):
        if number:
            console.print()
        for part in group:
            _show(console, part)


def _show(console: Console, part: str | Table) -> None:
    if isinstance(part, str):
        style = "bold" if isinstance(part, Title) else ""
        console.print(Text(_filled(part, console.width), style))
    elif part.has_header:
        _show_table(console, part)
    else:
        _show_list(console, part)


def _filled(text: str, width: int) -> str:
    """A paragraph, filled again if a line of it is too long."""
    lines = text.split("\n")
    if max(map(cell_len, lines)) <= width:
        return text
    indent = " " * (len(text) - len(text.lstrip(" ")))
    return fill(" ".join(lines), width, subsequent_indent=indent)


def _show_list(console: Console, table: Table) -> None:
    """Print rows whose last texts are sentences, which are filled beside the others."""
    *names, last = _columns(table)
    widths = [column.width for column in names]
    further = " " * sum(width + 2 for width in widths)
    if console.width - len(further) < min(SENTENCE, last.width):
        widths, further = [0] * len(names), " " * 4
    for *texts, sentence in table.texts():
        cells = zip(texts, widths, strict=True)
        start = "".join(f"{text.rstrip():<{width}}  " for text, width in cells)
        filled = TextWrapper(console.width, start, further).fill(sentence)
        console.print(Text(filled))


def _show_table(console: Console, table: Table) -> None:
    """Print a table, and the names of the columns that do not fit."""
    columns = _columns(table)
    shown, widths, gap = fitted(columns, console.width)
    printed = RichTable(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, gap - 1),
        border_style="dim",
    )
    for column, width in zip(shown, widths, strict=True):
        printed.add_column(
            Text(column.header(width)),
            width=width,
            no_wrap=True,
            justify="right" if column.is_number else "left",
        )
    room = min(LONGEST, console.width - _total(widths, gap) - gap)
    last = shown[-1]
    has_bars = last.kind == "share" and room >= SHORTEST
    rows = zip(*(column.texts for column in shown), strict=True)
    for number, (row, bar) in enumerate(zip(rows, last.bars, strict=True)):
        bars = [Bar(1, 0, bar, width=room, color="cyan")] if has_bars else []
        style = "bold" if number == len(table.rows) else None
        printed.add_row(*map(Text, row), *bars, style=style)
    console.print(printed)
    if hidden := {c.name or c.kind: c for c in columns if c not in shown}:
        told = f"hidden at this width: {', '.join(hidden)}"
        console.print(Text(told, style="dim"))


def _columns(table: Table) -> list[ShownColumn]:
    cells = zip(table.columns, *table.texts(), strict=True)
    return [
        ShownColumn(column.name, column.kind, texts, table.bars(number))
        for number, (column, *texts) in enumerate(cells)
    ]


def fitted(
    columns: Sequence[ShownColumn], width: int
) -> tuple[list[ShownColumn], list[int], int]:
    """The columns that fit a width, their widths, and the gap between them.

    First the gap shrinks, then headers are broken and text is cut. Columns that cannot
    fit so are left out: shares, then text, then numbers from the right; never names and
    the first, and last the last number.
    """
    gap = 2 if _total([column.width for column in columns], 2) <= width else 1
    kept = [*columns]
    for column in _dispensable(columns):
        # Shares are left out before text is cut.
        cut = not column.is_derived
        least = [c.least if cut or c.is_number else c.width for c in kept]
        if _total(least, gap) > width:
            kept = [other for other in kept if other is not column]
    widths = [column.width for column in kept]
    while _total(widths, gap) > width:
        ample = [n for n, column in enumerate(kept) if widths[n] > column.least]
        if not ample:
            break
        widths[max(ample, key=lambda n: (kept[n].is_number, widths[n]))] -= 1
    return kept, widths, gap


def _dispensable(columns: Sequence[ShownColumn]) -> list[ShownColumn]:
    """All columns but the first, in the order in which they are left out."""
    rest = columns[:0:-1]
    text = [column for column in rest if column.kind == "text"]
    derived = [column for column in rest if column.is_derived]
    numbers = [column for column in rest if column.kind == "number"]
    return [*reversed(derived), *text, *numbers[1:], *numbers[:1]]


def _total(widths: Sequence[int], gap: int) -> int:
    return sum(widths) + gap * (len(widths) - 1)
