"""The rows of a sweep as a table, as plain data and as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from archspec.errors import InvalidArgument, needed
from archspec.exploring.sweeping import Row
from archspec.tables import Column, Page, Table
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
        mark = [] if self.front is None else [number in self.front]
        return [*row.values, *figures, *mark, row.refusal or None]

    @property
    def page(self) -> Page:
        """The table, without the last column if nothing was refused."""
        table = self.table
        if not any(row.refusal for row in self.rows):
            table = Table(table.columns[:-1], [row[:-1] for row in table.rows])
        return Page([[table]])

    @property
    def table(self) -> Table:
        """All columns."""
        rows = [
            ["" if value is None else value for value in self._cells(*numbered)]
            for numbered in enumerate(self.rows)
        ]
        words = {FRONT, REFUSED}
        columns = [Column(n, "text" if n in words else "number") for n in self.header]
        return Table(columns, rows)

    def write(self, path: Path) -> None:
        """Write a .csv or .parquet file.

        Raises OSError, and FrameworkMissing where a .parquet file needs pyarrow.
        """
        if path.suffix == ".csv":
            path.write_text(self.table.to_csv(), "utf-8", newline="")
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
