"""The rows of a sweep as text, as plain data and as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from archspec.analysis.table import Grid, aligned, piped
from archspec.errors import InvalidArgument, needed
from archspec.exploring.sweeping import Row
from archspec.weights.output import refuse_existing

REFUSED = "refused"
FRONT = "front"
SUFFIXES = (".csv", ".parquet")


class Listing(NamedTuple):
    """Rows, the names of their values and figures, and which are on the front.

    `front` has the numbers of rows, None where no front was asked for.
    """

    paths: Sequence[str]
    figures: Sequence[str]
    rows: Sequence[Row]
    front: set[int] | None = None

    @property
    def header(self) -> list[str]:
        """The names of all columns."""
        own = [FRONT] if self.front is not None else []
        return [*self.paths, *self.figures, *own, REFUSED]

    def data(self) -> list[dict[str, Any]]:
        """A mapping for each row; figures of refused points are None."""
        return [
            dict(zip(self.header, self._cells(*numbered), strict=True))
            for numbered in enumerate(self.rows)
        ]

    def _cells(self, number: int, row: Row) -> list[Any]:
        figures = row.figures or [None] * len(self.figures)
        return [*row.values, *figures, *self._mark(number), row.refusal or None]

    def _mark(self, number: int) -> list[bool]:
        return [] if self.front is None else [number in self.front]

    def to(self, format: str) -> str:
        """As a table, json, csv or markdown."""
        if format == "json":
            return json.dumps(self.data(), indent=2) + "\n"
        if format == "csv":
            return self._csv()
        printed = aligned if format == "table" else piped
        return printed(self._grid()) + "\n"

    def _csv(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        for numbered in enumerate(self.rows):
            cells = self._cells(*numbered)
            writer.writerow([int(c) if isinstance(c, bool) else c for c in cells])
        return text.getvalue()

    def _grid(self) -> Grid:
        """Without the last column if nothing was refused."""
        gaps = [""] * len(self.figures)
        refusals = any(row.refusal for row in self.rows)
        lines = [
            [
                *row.values,
                *(map("{:,}".format, row.figures) if row.figures else gaps),
                *("*" if mark else "" for mark in self._mark(number)),
                *([row.refusal] if refusals else []),
            ]
            for number, row in enumerate(self.rows)
        ]
        header = self.header if refusals else self.header[:-1]
        words = range(len(self.paths) + len(self.figures), len(header))
        return Grid(header, lines, left=words)

    def write(self, path: Path) -> None:
        """Write a .csv or .parquet file.

        Raises OSError, and FrameworkMissing where a .parquet file needs pyarrow.
        """
        if path.suffix == ".csv":
            path.write_text(self._csv(), "utf-8", newline="")
            return
        rows = self.data()
        columns = {name: _typed([row[name] for row in rows]) for name in self.header}
        table = needed("pyarrow").table(columns)
        needed("pyarrow.parquet").write_table(table, path)


def check_free(path: Path, *, force: bool) -> None:
    """Raise InvalidArgument or FileRefused for a path that no sweep can be written to.

    And FrameworkMissing where a .parquet file needs pyarrow.
    """
    if path.suffix not in SUFFIXES:
        raise InvalidArgument(f"{path} does not end in {' or '.join(SUFFIXES)}")
    if path.suffix == ".parquet":
        needed("pyarrow.parquet")
    refuse_existing(path, force)


def _typed(column: list[Any]) -> list[Any]:
    """Numbers, if all texts of a column are numbers."""
    for kind in (int, float):
        try:
            return [kind(each) if isinstance(each, str) else each for each in column]
        except ValueError:
            continue
    return column
