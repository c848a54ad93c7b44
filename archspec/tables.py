"""Tables and pages of them: data that is printed as text, Markdown, HTML and CSV.

A terminal fits the same data to its width, see `archspec.cli.terminal`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape
from typing import Literal, NamedTuple

Value = str | float | None
Kind = Literal["name", "text", "number", "ratio", "share"]

FORMATS: dict[Kind, str] = {
    "name": "",
    "text": "",
    "number": ",",
    "ratio": ".2f",
    "share": ".1%",
}
"""How the numbers of a column are printed, in the language of Python's `format`."""


class Column(NamedTuple):
    """The name of a column and the kind of its values.

    A name says which row it is. A ratio, or a share of the total, belongs to the number
    in the column before. `format` replaces that of the kind.
    """

    name: str
    kind: Kind = "number"
    format: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it is aligned to the left."""
        return self.kind in {"name", "text"}

    def text(self, value: Value) -> str:
        """A value for readers: - for None, an asterisk for True, texts as they are."""
        if value is None:
            return "-"
        if isinstance(value, bool):
            return "*" if value else ""
        if isinstance(value, str):
            return value
        return format(value, self.format or FORMATS[self.kind])


class Table(NamedTuple):
    """Rows of values, and below them perhaps a total.

    Columns without any name have no header.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    total: Sequence[Value] = ()

    @property
    def has_header(self) -> bool:
        """Whether a column has a name."""
        return any(column.name for column in self.columns)

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]

    def texts(self) -> list[list[str]]:
        """The cells of each row, the total included, as text."""
        return [
            [c.text(value) for c, value in zip(self.columns, row, strict=True)]
            for row in (*self.rows, *([self.total] if self.total else []))
        ]

    def bars(self, column: int) -> list[float]:
        """The shares of a column over the largest; 0 for the total and other values."""
        is_share = self.columns[column].kind == "share"
        values = [row[column] for row in self.rows]
        shares = [v if is_share and isinstance(v, float) else 0.0 for v in values]
        largest = max(shares, default=0.0) or 1.0
        return [share / largest for share in shares] + [0.0] * bool(self.total)

    def to_text(self) -> str:
        """Text in columns, numbers aligned to the right."""
        texts = self.texts()
        columns = zip(self.header, *texts, strict=True)
        widths = [max(map(len, cells)) for cells in columns]
        rule = ["-" * width for width in widths]

        def line(cells: Sequence[str]) -> str:
            columns = zip(self.columns, cells, widths, strict=True)
            return "  ".join(
                cell.ljust(width) if column.is_text else cell.rjust(width)
                for column, cell, width in columns
            ).rstrip()

        return "\n".join(
            map(line, [self.header, rule, *texts] if self.has_header else texts)
        )

    def to_markdown(self) -> str:
        """A table of GitHub Flavored Markdown."""
        ends = ["---" if c.is_text else "---:" for c in self.columns]
        lines = [self.header, ends, *self.texts()]
        escaped = ([cell.replace("|", "\\|") for cell in cells] for cells in lines)
        return "\n".join(f"| {' | '.join(cells)} |" for cells in escaped)

    def to_html(self) -> str:
        """A table element."""
        sides = ["left" if c.is_text else "right" for c in self.columns]

        def row(element: str, cells: Sequence[str]) -> str:
            styled = (
                f'<{element} style="text-align: {side}">{escape(cell)}</{element}>'
                for side, cell in zip(sides, cells, strict=True)
            )
            return f"<tr>{''.join(styled)}</tr>"

        rows = (row("td", cells) for cells in self.texts())
        return "\n".join(["<table>", row("th", self.header), *rows, "</table>"])

    def to_csv(self) -> str:
        """The values as they are, without the total."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        for row in self.rows:
            writer.writerow([int(v) if isinstance(v, bool) else v for v in row])
        return text.getvalue()


class Title(str):
    """The title of a page."""

    __slots__ = ()


class Page(NamedTuple):
    """Groups of paragraphs and tables; as text, an empty line separates groups.

    The lines of a paragraph may be filled again to another width.
    """

    groups: Sequence[Sequence[str | Table]]

    def to(self, format: str) -> str:
        """As `markdown`, `html`, or text; `csv` has the tables alone."""
        match format:
            case "csv":
                tables = (part for part in self._parts if isinstance(part, Table))
                return "".join(table.to_csv() for table in tables)
            case "markdown":
                return "\n\n".join(map(_markdown, self._parts)) + "\n"
            case "html":
                return "\n".join(map(_html, self._parts)) + "\n"
            case _:
                groups = ("\n".join(map(_text, group)) for group in self.groups)
                return "\n\n".join(groups) + "\n"

    @property
    def _parts(self) -> list[str | Table]:
        return [part for group in self.groups for part in group]


def _text(part: str | Table) -> str:
    return part if isinstance(part, str) else part.to_text()


def _markdown(part: str | Table) -> str:
    if isinstance(part, Table):
        return part.to_markdown()
    return f"# {part}" if isinstance(part, Title) else part


def _html(part: str | Table) -> str:
    if isinstance(part, Table):
        return part.to_html()
    text = escape(part)
    return f"<p><b>{text}</b></p>" if isinstance(part, Title) else f"<p>{text}</p>"


def change(now: float, before: float) -> str:
    """By how much a number changed, in percent with a sign, such as +1.5% or 0.0%."""
    percent = f"{now / before - 1:+.1%}"
    return "0.0%" if percent in {"+0.0%", "-0.0%"} else percent


def counted(number: int, noun: str) -> str:
    """A number of things, such as 1 point or 1,200 points."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
