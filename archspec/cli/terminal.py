"""Pages as a terminal shows them: tables fit its width, shares have bars."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Sequence
from textwrap import TextWrapper, fill

from rich import box
from rich.bar import Bar
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from archspec.tables import Column, Page, Table, Title

LEAST = {"name": 24, "text": 8}
"""Characters that are left of a column, by its kind; others are not cut."""

DERIVED = {"ratio", "share"}
"""Kinds of columns that follow from the one before."""

SENTENCE = 24
"""Characters that a list needs for the text beside its names."""

SHORTEST, LONGEST = 10, 24
"""Characters of a bar."""

UNBOUNDED = 10_000
"""Characters of a line where the output is no terminal."""

_WORD = re.compile(r"[^ _.]*[ _.]?")


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
    rows = table.texts()
    columns = zip(table.header, *rows, strict=True)
    *widths, last = (max(map(cell_len, texts)) for texts in columns)
    further = " " * sum(width + 2 for width in widths)
    if console.width - len(further) < min(SENTENCE, last):
        widths, further = [0] * len(widths), " " * 4
    for *texts, sentence in rows:
        cells = zip(texts, widths, strict=True)
        start = "".join(f"{text.rstrip():<{width}}  " for text, width in cells)
        filled = TextWrapper(console.width, start, further).fill(sentence)
        console.print(Text(filled))


def _show_table(console: Console, table: Table) -> None:
    """Print a table, and the names of the columns that do not fit."""
    columns, rows = table.columns, table.texts()
    widths, gap = fitted(columns, rows, console.width)
    printed = RichTable(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, gap - 1),
        border_style="dim",
    )
    for number, width in widths.items():
        printed.add_column(
            Text(_header(columns[number].name, width)),
            width=width,
            no_wrap=True,
            justify="left" if columns[number].is_text else "right",
        )
    room = min(LONGEST, console.width - _total(widths.values(), gap) - gap)
    has_bars = columns[max(widths)].kind == "share" and room >= SHORTEST
    for number, bar in enumerate(table.bars(max(widths))):
        texts = (Text(rows[number][column]) for column in widths)
        bars = [Bar(1, 0, bar, width=room, color="cyan")] if has_bars else []
        style = "bold" if number == len(table.rows) else None
        printed.add_row(*texts, *bars, style=style)
    console.print(printed)
    hidden = [column for number, column in enumerate(columns) if number not in widths]
    if hidden:
        names = dict.fromkeys(column.name or column.kind for column in hidden)
        console.print(Text(f"hidden at this width: {', '.join(names)}", style="dim"))


def fitted(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int
) -> tuple[dict[int, int], int]:
    """The widths of the columns that fit, by their numbers, and the gap between them.

    First the gap shrinks, then headers are broken and text is cut. Columns that cannot
    fit so are left out: shares, then text, then numbers from the right; never names and
    the first, and last the last number.
    """
    cells = [*zip(columns, *rows, strict=True)]
    wide = [max(map(cell_len, [column.name, *texts])) for column, *texts in cells]
    least = [_least(column, texts) for column, *texts in cells]
    gap = 2 if _total(wide, 2) <= width else 1
    found = dict(enumerate(wide))
    for number in _dispensable(columns):
        # Shares are left out before text is cut.
        uncut = wide if columns[number].kind in DERIVED else least
        needed = [(uncut if columns[n].is_text else least)[n] for n in found]
        if _total(needed, gap) > width:
            del found[number]
    while _total(found.values(), gap) > width:
        ample = [number for number in found if found[number] > least[number]]
        if not ample:
            break
        widest = max(ample, key=lambda n: (not columns[n].is_text, found[n]))
        found[widest] -= 1
    return found, gap


def _least(column: Column, texts: Sequence[str]) -> int:
    """The width with the name on several lines, and text cut off."""
    if column.is_text:
        return min(LEAST[column.kind], max(map(cell_len, [column.name, *texts])))
    words = [word.strip() for word in _WORD.findall(column.name)]
    return max(map(cell_len, [*words, *texts]))


def _header(name: str, width: int) -> str:
    """The name, on as many lines as a width asks for."""
    lines = [""]
    for word in _WORD.findall(name):
        if lines[-1] and cell_len(lines[-1] + word.strip()) > width:
            lines.append("")
        lines[-1] += word
    return "\n".join(map(str.strip, lines))


def _dispensable(columns: Sequence[Column]) -> list[int]:
    """All columns but the first, in the order in which they are left out."""
    rest = range(1, len(columns))
    derived = [number for number in rest if columns[number].kind in DERIVED]
    text = [number for number in rest if columns[number].kind == "text"]
    numbers = [number for number in rest if columns[number].kind == "number"]
    return [*derived, *reversed(text), *reversed(numbers[:-1]), *numbers[-1:]]


def _total(widths: Collection[int], gap: int) -> int:
    return sum(widths) + gap * (len(widths) - 1)
