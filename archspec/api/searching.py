"""The variants of a network that are best in several figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from archspec.api.objectives import Function, Objective, loaded, name_of
from archspec.api.specs import Changes, change_list, load, selected
from archspec.api.sweeping import Listed, Values, bounds, grid_texts
from archspec.errors import one_of
from archspec.frameworks import SOURCES
from archspec.reading import Source, read_source
from archspec.reading.static_checks import MAX_VARIANTS
from archspec.tables import counted

if TYPE_CHECKING:
    from archspec.analysis.usage import Dtype
    from archspec.api.network import Network
    from archspec.exploring.front import Goal
    from archspec.exploring.listing import Listing
    from archspec.exploring.searching import Point


@dataclass(frozen=True, repr=False)
class Front(Listed):
    """What `archspec.search` returns: the points that none beats in all goals.

    Each is a variant of `network`. `trials` is the number of points that were tried,
    some of them more than once.
    """

    network: Network
    goals: Sequence[Goal]
    points: Sequence[Point]
    trials: int

    def __repr__(self) -> str:
        return f"<Front: {self.summary}>"

    @property
    def summary(self) -> str:
        """A line: how many points were tried, and how many of them are the front."""
        points = counted(len(self.points), "point")
        return f"{counted(self.trials, 'trial')}, {points} on the front"

    @cached_property
    def variants(self) -> dict[str, Point]:
        """The points by the names of their variants."""
        digits = len(str(len(self.points)))
        numbered = enumerate(self.points, 1)
        return {f"front_{number:0{digits}}": point for number, point in numbered}

    def _listing(self) -> Listing:
        from archspec.exploring.listing import Listing
        from archspec.exploring.searching import Point
        from archspec.exploring.sweeping import Row

        first = self.points[0] if self.points else Point({}, {})
        rows = [
            Row((name, *point.values.values()), (*point.figures.values(),))
            for name, point in self.variants.items()
        ]
        return Listing(("variant", *first.values), (*first.figures,), rows)

    def specs(self) -> list[str]:
        """The network as specs that stand alone, with every point as a variant.

        They are several if there are more variants than a spec can have.
        """
        from archspec.language.written import as_patch, written

        base = written(self.network.spec)
        parts: list[str] = []
        found = [*self.variants.items()]
        for start in range(0, len(found), MAX_VARIANTS):
            lines = ["", "variants:"]
            for name, (values, figures) in found[start : start + MAX_VARIANTS]:
                reached = (f"{g.figure} {figures[g.figure]:,}" for g in self.goals)
                lines.append(f"  # {', '.join(reached)}")
                lines.append(f"  {name}: {as_patch(values)}")
            parts.append(base + "\n".join(lines) + "\n")
        return parts

    def save(self, folder: str | Path, *, force: bool = False) -> list[Path]:
        """Write the front as `SPEC.yaml` and `SPEC.csv`; the paths that changed.

        Raises FileRefused for files that exist, SpecError (AS505).
        """
        from archspec.api.files import write_files

        stem = self.network.spec.module_name
        files = {Path(f"{stem}.csv"): self.to("csv")}
        for number, text in enumerate(self.specs(), 1):
            files[Path(f"{stem}_{number}.yaml" if number > 1 else f"{stem}.yaml")] = (
                text
            )
        return write_files(files, Path(folder), force)


def search(
    spec: str | Path | Source,
    grid: Mapping[str, Values] | Sequence[str] = (),
    *,
    minimise: str | Sequence[str] = (),
    maximise: str | Sequence[str] = (),
    max: Mapping[str, object] | Sequence[str] = (),
    min: Mapping[str, object] | Sequence[str] = (),
    trials: int = 1000,
    variant: str | Sequence[str] = (),
    set: Changes = (),
    dtype: Dtype = "float32",
    objective: str | Function | None = None,
    target: str = "torch",
    storage: str | Path | None = None,
    name: str | None = None,
    sampler: str = "nsga2",
    seed: int | None = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, trials: None,
) -> Front:
    """Search the variants of a network that are best in several figures, with Optuna.

    Args:
        spec: as for `load`.
        grid: values by path, as for `sweep`, besides those of the spec's `search`.
        minimise: figures, or the name of the objective.
        maximise: the same.
        max: bounds by figures, such as `{"parameters": "1M"}`.
        min: the same, as lower bounds.
        trials: points to try, those that the storage has already among them.
        variant: as for `load`, and applied first.
        set: the same, and applied next.
        dtype: the type of numbers, for figures in bytes.
        objective: a function of the path of the generated module and of the values by
            paths, such as the accuracy after a training; `FILE:FUNCTION` is loaded from
            a file, which runs it. It is called for points within the limits only.
        target: the framework of that module.
        storage: a journal file, or the address of a database or of Optuna's gRPC proxy.
            The search can be continued, and other processes can take part in it.
        name: that of Optuna's study in the storage; by default the network's.
        sampler: `nsga2`, `tpe` or `random`.
        seed: for the same points again; that is certain with one job only.
        jobs: processes on this machine.
        progress: called with the number of finished trials, and of all.

    Raises:
        SpecError: the spec, as it is, has errors, or a path does not exist (AS504).
        InvalidArgument: a goal, a limit, a value or another argument is wrong.
        FrameworkMissing: Optuna is not installed.
    """
    from archspec.analysis.usage import Usage
    from archspec.exploring.evaluator import Evaluator
    from archspec.exploring.figures import FIGURES, USUAL
    from archspec.exploring.grid import Grid
    from archspec.exploring.limits import limits
    from archspec.exploring.searching import Score, Search, finished, goals, run

    (spec, variants), changes = selected(spec, variant), change_list(set)
    source = spec if isinstance(spec, Source) else read_source(spec)
    network = load(source, variant=variants, set=changes)
    axes = Grid.of(grid_texts(grid), network.spec.document.search).axes
    wanted = goals(minimise, maximise, name_of(objective) if objective else None)
    within = limits(bounds(max), bounds(min))
    figures = [goal.figure for goal in wanted if goal.figure in FIGURES]
    figures += [*USUAL, *(limit.figure for limit in within)]
    usage = Usage.of(dtype=dtype)
    evaluator = Evaluator(source, variants, changes, figures, usage.dtype)
    for axis in axes:
        evaluator.check({axis.path: axis.values[0]})
    score = None
    if objective:
        one_of("target", target, SOURCES)
        function = loaded(objective) if isinstance(objective, str) else objective
        own = Objective(objective, source, variants, changes, target)
        score = Score(function.__name__, own)
    with TemporaryDirectory() as folder:
        place = storage or (Path(folder, "study.log") if jobs > 1 else None)
        found = Search(
            evaluator,
            axes,
            wanted,
            within,
            trials,
            place and str(place),
            name or network.spec.module_name,
            sampler,
            seed,
            score,
        )
        study = run(found, jobs, lambda done: progress(done, trials))
        return Front(network, wanted, found.front(study), finished(study))
