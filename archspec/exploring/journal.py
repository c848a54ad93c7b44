"""What a sweep has found so far, in a file beside its output, to go on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from archspec.errors import FileRefused
from archspec.exploring.evaluator import Evaluator
from archspec.exploring.grid import Grid
from archspec.exploring.limits import Limit
from archspec.exploring.sweeping import Chunk, Row, chunks

SUFFIX = ".partial"


class Journal:
    """A file with a line about the sweep, and one for each chunk that is done.

    `sweep` is all that the rows depend on, as plain data.
    """

    def __init__(self, output: Path, sweep: Mapping[str, Any], *, force: bool = False):
        self.path = output.with_name(output.name + SUFFIX)
        self._sweep = json.loads(json.dumps(sweep))
        if force:
            self.path.unlink(missing_ok=True)

    def chunks(
        self, evaluator: Evaluator, grid: Grid, limits: Sequence[Limit], *, jobs: int
    ) -> Iterator[Chunk]:
        """Those that are done, and then the others, each of which is written.

        Raises FileRefused if the file is about another sweep.
        """
        start = 0
        for chunk in self._done():
            start += chunk.points
            yield chunk
        for chunk in chunks(evaluator, grid, limits, jobs=jobs, start=start):
            self._add(chunk)
            yield chunk

    def _done(self) -> Iterator[Chunk]:
        """Those in the file, from which one that was not written to its end is cut."""
        if not self.path.exists():
            return
        lines = self.path.read_bytes().splitlines(keepends=True)
        found = [said for line in lines if (said := _parsed(line)) is not None]
        os.truncate(self.path, sum(map(len, lines[: len(found)])))
        if found:
            self._check(found[0])
        for points, rows in found[1:]:
            yield Chunk(points, [_row(row) for row in rows])

    def _add(self, chunk: Chunk) -> None:
        """Write a chunk, and in an empty file first the line about the sweep."""
        with self.path.open("a", encoding="utf-8") as file:
            lines = [] if file.tell() else [self._sweep]
            lines.append(chunk)
            file.writelines(f"{json.dumps(line)}\n" for line in lines)

    def end(self) -> None:
        """Remove the file of a sweep that is done."""
        self.path.unlink(missing_ok=True)

    def _check(self, found: Any) -> None:
        known = cast("dict[str, Any]", found if isinstance(found, dict) else {})
        other = [key for key, own in self._sweep.items() if known.get(key) != own]
        if other:
            message = f"{self.path} is of another sweep: {', '.join(other)} differ"
            raise FileRefused(f"{message}; remove it, or begin anew with --force")


def _parsed(line: bytes) -> Any:
    """What a line says; None for one that ends early."""
    try:
        return json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None


def _row(row: Any) -> Row:
    values, figures, refusal = row
    return Row(tuple(values), tuple(figures), refusal)
