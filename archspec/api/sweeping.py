"""Many variants of one network, and what each costs."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.api.specs import Changes, change_list, variant_list, yaml_text
from archspec.errors import one_of
from archspec.reading import Source, read_source

if TYPE_CHECKING:
    from archspec.analysis.usage import Dtype
    from archspec.exploring.sweeping import Row

Values = str | Iterable[object]
FORMATS = "table", "json", "csv", "markdown"


@dataclass(frozen=True, repr=False)
class Sweep:
    """What `archspec.sweep` returns: print it, or take its `data`.

    `paths` and `figures` name the columns of `rows`, which are the points within the
    limits, and those that archspec refused. `points` is the number of all.
    """

    paths: tuple[str, ...]
    figures: tuple[str, ...]
    rows: list[Row]
    points: int

    def __repr__(self) -> str:
        return f"<Sweep: {self.summary}>"

    def __str__(self) -> str:
        return self.to("table")

    @property
    def refused(self) -> list[Row]:
        """The points that are no network; each has the reason."""
        return [row for row in self.rows if row.refusal]

    @property
    def summary(self) -> str:
        """A line: how many points there were, and what became of them."""
        refused = Counter(row.refusal.partition(":")[0] for row in self.refused)
        others = self.points - len(self.rows)
        parts = [f"{self.points:,} points"]
        parts += [f"{others:,} beyond the limits"] if others else []
        parts += [f"{n:,} refused ({code})" for code, n in sorted(refused.items())]
        return ", ".join(parts)

    @property
    def data(self) -> list[dict[str, Any]]:
        """A mapping for each row, as for `pandas.DataFrame`."""
        return [
            dict(zip(self.paths, row.values, strict=True))
            | dict.fromkeys(self.figures)
            | dict(zip(self.figures, row.figures, strict=not row.refusal))
            | {"refused": row.refusal or None}
            for row in self.rows
        ]

    def to(self, format: str) -> str:
        """As a table, json, csv or markdown; raises InvalidArgument for others."""
        one_of("format", format, FORMATS)
        if format == "json":
            return json.dumps(self.data, indent=2) + "\n"
        header = [*self.paths, *self.figures, "refused"]
        gaps = [""] * len(self.figures)
        if format == "csv":
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(header)
            for row in self.rows:
                writer.writerow([*row.values, *(row.figures or gaps), row.refusal])
            return text.getvalue()
        from archspec.analysis.table import Grid, aligned, piped

        is_any_refused = any(row.refusal for row in self.rows)
        rows = [
            [
                *row.values,
                *(map("{:,}".format, row.figures) if row.figures else gaps),
                *([row.refusal] if is_any_refused else []),
            ]
            for row in self.rows
        ]
        if not is_any_refused:
            header.pop()
        table = Grid(header, rows, left=(len(self.paths) + len(self.figures),))
        return (aligned if format == "table" else piped)(table) + "\n"

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write a .csv file; raises FileRefused, SpecError (AS505)."""
        from archspec.api.files import write_files

        path = Path(path)
        write_files({Path(path.name): self.to("csv")}, path.parent, force)


def sweep(
    spec: str | Path | Source,
    grid: Mapping[str, Values] | Sequence[str],
    *,
    variant: str | Sequence[str] = (),
    set: Changes = (),
    figures: Iterable[str] | None = None,
    max: Mapping[str, object] | Sequence[str] = (),
    min: Mapping[str, object] | Sequence[str] = (),
    dtype: Dtype = "float32",
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, points: None,
) -> Sweep:
    """The costs of a network for every combination of some values.

    Args:
        spec: as for `load`.
        variant: the same, and applied first.
        set: the same, and applied next.
        grid: values by path, such as `{"multipliers.width": [0.5, 1.0], "classes":
            "10:100:10"}`; a text is as `--grid` takes it after `PATH=`. A list of such
            texts `PATH=VALUES` works as well.
        figures: the columns; by default `exploring.figures.USUAL` and those of limits.
        max: bounds by figures, such as `{"macs": "300M"}`.
        min: the same, as lower bounds.
        dtype: the type of numbers, for figures in bytes.
        jobs: processes, as joblib's `n_jobs`.
        progress: called with the number of points done, and of all.

    Raises:
        SpecError: the spec, as it is, has errors, or a path does not exist (AS504).
        InvalidArgument: a grid, limit or figure is wrong.
        FrameworkMissing: several jobs need joblib.
    """
    from archspec.analysis.usage import Usage
    from archspec.exploring.evaluator import Evaluator
    from archspec.exploring.figures import USUAL
    from archspec.exploring.grid import Grid
    from archspec.exploring.limits import limits
    from archspec.exploring.sweeping import chunks

    found = Grid.of(grid_texts(grid))
    within = limits(bounds(max), bounds(min))
    names = [*(USUAL if figures is None else figures), *(b.figure for b in within)]
    source = spec if isinstance(spec, Source) else read_source(spec)
    variants, changes = variant_list(variant), change_list(set)
    dtype = Usage.of(dtype=dtype).dtype
    evaluator = Evaluator(source, variants, changes, names, dtype)
    evaluator.network({})
    for axis in found.axes:
        evaluator.check({axis.path: axis.values[0]})
    done, rows = 0, list["Row"]()
    for chunk in chunks(evaluator, found, within, jobs=jobs):
        done += chunk.points
        rows += chunk.rows
        progress(done, found.size)
    return Sweep(found.paths, evaluator.names, rows, done)


def grid_texts(grid: Mapping[str, Values] | Sequence[str]) -> list[str]:
    """Each path with its values as `PATH=VALUES`."""
    if not isinstance(grid, Mapping):
        return [*grid]
    return [
        f"{path}={values}"
        if isinstance(values, str)
        else f"{path}={','.join(yaml_text(path, value) for value in values)}"
        for path, values in grid.items()
    ]


def bounds(limits: Mapping[str, object] | Sequence[str]) -> list[str]:
    """Each bound as `FIGURE=BOUND`."""
    if not isinstance(limits, Mapping):
        return [*limits]
    return [f"{figure}={bound}" for figure, bound in limits.items()]
