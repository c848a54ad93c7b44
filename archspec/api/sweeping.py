"""Many variants of one network, and what each costs."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.api.results import Result
from archspec.api.specs import Changes, change_list, selected, yaml_text
from archspec.errors import InvalidArgument, SpecError
from archspec.reading import Source, read_source
from archspec.tables import counted

if TYPE_CHECKING:
    from archspec.analysis.usage import Dtype
    from archspec.exploring.front import Goal
    from archspec.exploring.listing import Listing
    from archspec.exploring.sweeping import Row
    from archspec.tables import Page

Values = str | Iterable[object]


class Listed(Result):
    """Points with their figures; print it, or take its `data`."""

    @property
    def data(self) -> list[dict[str, Any]]:
        """A mapping for each point, as for `pandas.DataFrame`."""
        return self._listing().data()

    @property
    def page(self) -> Page:
        """The table, as data."""
        return self._listing().page

    def _csv(self) -> str:
        return self._listing().table.to_csv()

    @abstractmethod
    def _listing(self) -> Listing: ...


@dataclass(frozen=True, repr=False)
class Sweep(Listed):
    """What `archspec.sweep` returns: print it, or take its `data`.

    `paths` and `figures` name the columns of `rows`, which are the points within the
    limits, and those that archspec refused. `points` is the number of all, `goals` are
    those of the front.
    """

    paths: tuple[str, ...]
    figures: tuple[str, ...]
    rows: list[Row]
    points: int
    goals: tuple[Goal, ...] = ()
    spec: str = ""

    def __repr__(self) -> str:
        return f"<Sweep {self.spec}: {self.summary}>"

    @property
    def refused(self) -> list[Row]:
        """The points that are no network; each has the reason."""
        return [row for row in self.rows if row.refusal]

    @property
    def front(self) -> list[Row]:
        """The points that no other point beats in all goals; none without goals."""
        return [self.rows[number] for number in sorted(self._front)]

    @cached_property
    def _front(self) -> set[int]:
        from archspec.exploring.front import front

        counted = [n for n, row in enumerate(self.rows) if not row.refusal]
        best = front([self._costs(self.rows[n]) for n in counted], self.goals)
        return {counted[number] for number in best} if self.goals else {*()}

    def _costs(self, row: Row) -> list[float]:
        columns = [self.figures.index(goal.figure) for goal in self.goals]
        return [row.figures[column] for column in columns]

    @property
    def summary(self) -> str:
        """A line: how many points there were, and what became of them."""
        refused = Counter(row.refusal.partition(":")[0] for row in self.refused)
        others = self.points - len(self.rows)
        parts = [counted(self.points, "point")]
        parts += [f"{others:,} beyond the limits"] if others else []
        parts += [f"{n:,} refused ({code})" for code, n in sorted(refused.items())]
        parts += [f"{len(self._front):,} on the front"] if self.goals else []
        return ", ".join(parts)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write a .csv or .parquet file.

        Raises FileRefused if it exists, unless `force`, InvalidArgument for another
        suffix, SpecError (AS505), and FrameworkMissing without pyarrow for .parquet.
        """
        from archspec.exploring.listing import check_free

        path = Path(path)
        check_free(path, force=force)
        with _written(path, force) as temporary:
            self._listing().write(temporary)

    def plot(self, path: str | Path, *, force: bool = False) -> None:
        """Draw the two figures of the front as .svg, .png or .pdf.

        Raises the errors of `save`, with matplotlib for pyarrow.
        """
        from archspec.exploring import picture

        path = Path(path)
        picture.check(path, self.goals)
        if not self._front:
            raise InvalidArgument("no point is within the limits: nothing to draw")
        counted = [row for row in self.rows if not row.refusal]
        points = [self._costs(row) for row in counted]
        best = {tuple(self._costs(row)) for row in self.front}
        with _written(path, force) as temporary:
            picture.draw(temporary, self.spec, points, best, self.goals)

    def _listing(self) -> Listing:
        from archspec.exploring.listing import Listing

        best = self._front if self.goals else None
        return Listing(self.paths, self.figures, self.rows, best)


@contextmanager
def _written(path: Path, force: bool) -> Generator[Path]:
    """A path to write to, for a file that is written whole or not at all."""
    from archspec.errors import WeightsError
    from archspec.weights.output import replacing

    try:
        with replacing(path, force) as temporary:
            yield temporary
    except WeightsError as error:
        (fault,) = error.diagnostics
        raise SpecError([fault._replace(code="AS505")]) from None


def sweep(
    spec: str | Path | Source,
    grid: Mapping[str, Values] | Sequence[str] = (),
    *,
    variant: str | Sequence[str] = (),
    set: Changes = (),
    figures: Iterable[str] | None = None,
    max: Mapping[str, object] | Sequence[str] = (),
    min: Mapping[str, object] | Sequence[str] = (),
    front: Sequence[str] = (),
    dtype: Dtype = "float32",
    jobs: int = 1,
    output: str | Path | None = None,
    force: bool = False,
    progress: Callable[[int, int], None] = lambda done, points: None,
) -> Sweep:
    """The costs of a network for every combination of some values.

    Args:
        spec: as for `load`.
        variant: the same, and applied first.
        set: the same, and applied next.
        grid: values by path, such as `{"multipliers.width": [0.5, 1.0], "classes":
            "10:100:10"}`; a text is as `--grid` takes it after `PATH=`. A list of such
            texts `PATH=VALUES` works as well. The spec's `search` has others.
        figures: the columns; by default `exploring.figures.USUAL` and those of limits.
        max: bounds by figures, such as `{"macs": "300M"}`.
        min: the same, as lower bounds.
        front: figures to be as small as possible, or as large, as `macs:max`.
        dtype: the type of numbers, for figures in bytes.
        jobs: processes, as joblib's `n_jobs`; within `joblib.parallel_config` another
            backend of joblib, such as dask.
        output: a .csv or .parquet file. A sweep that is interrupted goes on where it
            stopped when it is called again.
        force: overwrite the file, and begin anew.
        progress: called with the number of points done, and of all.

    Raises:
        SpecError: the spec, as it is, has errors, or a path does not exist (AS504).
        InvalidArgument: a grid, limit, figure or suffix is wrong.
        FileRefused: the file exists, or what is beside it is of another sweep.
        FrameworkMissing: several jobs need joblib, .parquet pyarrow.
    """
    from archspec.analysis.usage import Usage
    from archspec.exploring.evaluator import Evaluator
    from archspec.exploring.figures import USUAL
    from archspec.exploring.front import goals
    from archspec.exploring.grid import Grid
    from archspec.exploring.journal import Journal
    from archspec.exploring.limits import limits
    from archspec.exploring.listing import check_free
    from archspec.exploring.sweeping import chunks

    wanted = goals(front)
    within = limits(bounds(max), bounds(min))
    names = [*(USUAL if figures is None else figures), *(b.figure for b in within)]
    names += [goal.figure for goal in wanted]
    (spec, variants), changes = selected(spec, variant), change_list(set)
    source = spec if isinstance(spec, Source) else read_source(spec)
    dtype = Usage.of(dtype=dtype).dtype
    evaluator = Evaluator(source, variants, changes, names, dtype)
    network = evaluator.network({})
    found = Grid.of(grid_texts(grid), network.spec.document.search)
    for axis in found.axes:
        evaluator.check({axis.path: axis.values[0]})
    run, journal = functools.partial(chunks, evaluator, found, within, jobs=jobs), None
    if output is not None:
        check_free(Path(output), force=force)
        about = {"spec": network.spec.digest, "figures": evaluator.names}
        about |= {"dtype": dtype, "limits": [*map(str, within)], "grid": found.axes}
        journal = Journal(Path(output), about, force=force)
        run = functools.partial(journal.chunks, evaluator, found, within, jobs=jobs)
    done, rows = 0, list["Row"]()
    for chunk in run():
        done += chunk.points
        rows += chunk.rows
        progress(done, found.size)
    names = evaluator.names
    swept = Sweep(found.paths, names, rows, done, wanted, source.path.stem)
    if output is not None and journal is not None:
        swept.save(output, force=force)
        journal.end()
    return swept


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
