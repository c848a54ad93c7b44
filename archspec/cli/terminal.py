"""Pages as a terminal shows them: tables fit its width, shares have bars."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Fitted:
    """The name and texts of a column, and the width at which it is shown."""

    name: str
    kind: Kind
    texts: tuple[str, ...]
    width: int
    bars: Sequence[float] = ()
    """Shares over the largest, 0 elsewhere."""

    @property
    def is_number(self) -> bool:
        """Whether it is aligned to the right, and not cut."""
        return self.kind not in LEAST

    @property
    def is_derived(self) -> bool:
        """Whether it follows from the column before."""
        return self.kind in {"ratio", "share"}

    @property
    def narrowest(self) -> Fitted:
        """With its name on several lines, and text cut off."""
        if least := LEAST.get(self.kind):
            return replace(self, width=min(least, self.width))
        words = [word.strip() for word in _WORD.findall(self.name)]
        return replace(self, width=max(map(cell_len, [*words, *self.texts])))

    @property
    def header(self) -> str:
        """The name, on as many lines as its width asks for."""
        lines = [""]
        for word in _WORD.findall(self.name):
            if lines[-1] and cell_len(lines[-1] + word.strip()) > self.width:
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
    shown, gap = fitted(columns, console.width)
    printed = RichTable(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, gap - 1),
        border_style="dim",
    )
    for column in shown:
        printed.add_column(
            Text(column.header),
            width=column.width,
            no_wrap=True,
            justify="right" if column.is_number else "left",
        )
    width = min(LONGEST, console.width - _total(shown, gap) - gap)
    has_bars = shown[-1].kind == "share" and width >= SHORTEST
    rows = zip(*(column.texts for column in shown), strict=True)
    for number, (row, bar) in enumerate(zip(rows, shown[-1].bars, strict=True)):
        bars = [Bar(1, 0, bar, width=width, color="cyan")] if has_bars else []
        style = "bold" if number == len(table.rows) else None
        printed.add_row(*map(Text, row), *bars, style=style)
    console.print(printed)
    kept = {(column.name, column.texts) for column in shown}
    hidden = [c.name or c.kind for c in columns if (c.name, c.texts) not in kept]
    if hidden:
        told = f"hidden at this width: {', '.join(dict.fromkeys(hidden))}"
        console.print(Text(told, style="dim"))


def _columns(table: Table) -> list[Fitted]:
    """The columns as wide as their texts."""
    return [
        Fitted(
            column.name,
            column.kind,
            tuple(texts),
            max(map(cell_len, [column.name, *texts])),
            table.bars(number),
        )
        for number, (column, *texts) in enumerate(
            zip(table.columns, *table.texts(), strict=True)
        )
    ]


def fitted(columns: Sequence[Fitted], width: int) -> tuple[list[Fitted], int]:
    """The columns that fit a width, and the gap between them.

    First the gap shrinks, then headers are broken and text is cut. Columns that cannot
    fit so are left out: shares, then text, then numbers from the right; never names and
    the first, and last the last number.
    """
    gap = 2 if _total(columns, 2) <= width else 1
    kept = [*columns]
    for column in _dispensable(columns):
        is_derived = column.is_derived and _total(map(_folded, kept), gap) > width
        if is_derived or _total([other.narrowest for other in kept], gap) > width:
            kept = [other for other in kept if other is not column]
    return _narrowed(kept, width - gap * (len(kept) - 1)), gap


def _dispensable(columns: Sequence[Fitted]) -> list[Fitted]:
    """All columns but the first, in the order in which they are left out."""
    rest = columns[:0:-1]
    text = [column for column in rest if column.kind == "text"]
    derived = [column for column in rest if column.is_derived]
    numbers = [column for column in rest if column.kind == "number"]
    return [*reversed(derived), *text, *numbers[1:], *numbers[:1]]


def _narrowed(columns: Sequence[Fitted], width: int) -> list[Fitted]:
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


def _folded(column: Fitted) -> Fitted:
    return column.narrowest if column.is_number else column


def _total(columns: Iterable[Fitted], gap: int) -> int:
    widths = [column.width for column in columns]
    return sum(widths) + gap * (len(widths) - 1)
