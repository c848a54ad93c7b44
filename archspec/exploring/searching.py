"""Search with Optuna: the variants of a network that are best in several figures."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf, isnan
from multiprocessing import get_context
from typing import Any, NamedTuple

from archspec.errors import InvalidArgument, needed, one_of
from archspec.exploring.evaluator import Assignment, Evaluator
from archspec.exploring.figures import FIGURES
from archspec.exploring.front import Goal
from archspec.exploring.grid import Axis
from archspec.exploring.limits import Limit
from archspec.exploring.studies import Choice, sampler, storage

ABOUT = "searched"
"""The attribute of a study that says what it is of."""

REFUSED = "refused"
"""The constraint that points violate which are no network, and why: an attribute."""

POLL = 0.5
"""Seconds between two looks at a study that other processes work on."""


class Score(NamedTuple):
    """A goal that is no figure of the network, by a function of values by paths."""

    name: str
    function: Callable[[Assignment], float]


def goals(
    minimise: str | Sequence[str], maximise: str | Sequence[str], score: str | None
) -> list[Goal]:
    """All goals; `score` is the name of the one that is no figure.

    Raises InvalidArgument without any, for another name and for one that comes twice.
    """
    least, most = (
        [names] if isinstance(names, str) else [*names]
        for names in (minimise, maximise)
    )
    found = [*map(Goal, least), *(Goal(name, is_maximum=True) for name in most)]
    names = [goal.figure for goal in found]
    for name in names:
        one_of("figure", name, [*FIGURES, score])
    if not names:
        raise InvalidArgument("a search has figures to minimise or maximise")
    if len({*names}) < len(names):
        raise InvalidArgument(f"a figure is there twice: {', '.join(names)}")
    if score and score not in names:
        message = f"the objective '{score}' is neither minimised nor maximised"
        raise InvalidArgument(message)
    return found


class Point(NamedTuple):
    """Values by paths, and the figures that they lead to; a score is among them."""

    values: Assignment
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Search:
    """What is searched, and where its trials are kept; it can be pickled.

    The `score` is computed for points within the limits alone. `storage` is as
    `studies.storage` takes it.
    """

    evaluator: Evaluator
    axes: Sequence[Axis]
    goals: Sequence[Goal]
    limits: Sequence[Limit]
    trials: int
    storage: str | None
    name: str
    sampler: str = "nsga2"
    seed: int | None = None
    score: Score | None = None

    def study(self, job: int = 0) -> Any:
        """The study of Optuna; a new one if the storage has none of this name.

        Raises InvalidArgument if it has one of something else.
        """
        seed = None if self.seed is None else self.seed + job
        study = needed("optuna").create_study(
            storage=storage(self.storage),
            sampler=sampler(self.sampler, seed),
            study_name=self.name,
            directions=["maximize" if g.is_maximum else "minimize" for g in self.goals],
            load_if_exists=True,
        )
        about = self._about()
        for key, value in study.user_attrs.get(ABOUT, about).items():
            if about[key] != value:
                message = f"'{self.storage}' has a study '{self.name}' of another {key}"
                raise InvalidArgument(f"{message}; give this one another name")
        study.set_user_attr(ABOUT, about)
        return study

    def _about(self) -> dict[str, Any]:
        evaluator = self.evaluator
        network = evaluator.network({})
        return {
            "spec": network.spec.digest,
            "space": {axis.path: [*axis.values] for axis in self.axes},
            "goals": {goal.figure: goal.is_maximum for goal in self.goals},
            "limits": [*map(str, self.limits)],
            "dtype": evaluator.dtype,
        }

    def run(self, study: Any, told: Callable[[int], None] = lambda done: None) -> None:
        """Try points until the study has enough, whoever else tries some of them.

        `told` is called with the number of finished trials.
        """

        def ended(study: Any, _: object) -> None:
            done = finished(study)
            told(done)
            if done >= self.trials:
                study.stop()

        if finished(study) < self.trials:
            study.optimize(self._tried, callbacks=[ended])

    def _tried(self, trial: Any) -> list[float]:
        """The goals of a point.

        Limits are constraints and a refusal is one, too: the sampler would learn
        nothing of a trial that fails.
        """
        choices = map(Choice.of, self.axes)
        values = {choice.axis.path: choice.suggested(trial) for choice in choices}
        found = self.evaluator(values)
        figures: dict[str, float] = {**found.figures}
        beyond = {
            str(limit): limit.excess(found.figures) if found.figures else inf
            for limit in self.limits
        }
        beyond[REFUSED] = inf if found.refusal else 0.0
        for name, excess in beyond.items():
            trial.set_constraint(name, excess)
        if found.refusal:
            trial.set_user_attr(REFUSED, found.refusal)
        if self.score and not any(beyond.values()):
            figures[self.score.name] = self._scored(self.score, trial, values)
        return [figures.get(goal.figure, goal.worst) for goal in self.goals]

    def _scored(self, score: Score, trial: Any, values: Assignment) -> float:
        """The score of a point, computed once however often the sampler returns to it.

        One that is not a number, as after a training that diverged, is the worst.
        """
        number, goal = self._scored_goal(score)
        for earlier in _finished(trial.study):
            if earlier.params == trial.params:
                return earlier.values[number]
        found = score.function(values)
        return goal.worst if isnan(found) else found

    def _scored_goal(self, score: Score) -> tuple[int, Goal]:
        return next((n, g) for n, g in enumerate(self.goals) if g.figure == score.name)

    def front(self, study: Any) -> list[Point]:
        """The points within the limits that none beats in all goals, the best first.

        That is by the first goal.
        """
        choices = [*map(Choice.of, self.axes)]
        found: dict[tuple[str, ...], Point] = {}
        for trial in study.best_trials:
            values = {c.axis.path: c.text(trial.params[c.axis.path]) for c in choices}
            figures: dict[str, float] = {**self.evaluator(values).figures}
            if self.score:
                number, _ = self._scored_goal(self.score)
                figures[self.score.name] = trial.values[number]
            found[*values.values()] = Point(values, figures)
        goal = self.goals[0]
        return sorted(
            found.values(),
            key=lambda point: point.figures[goal.figure],
            reverse=goal.is_maximum,
        )


def run(search: Search, jobs: int, told: Callable[[int], None]) -> Any:
    """Run a search in so many processes; its study.

    Several need a storage that they can share.
    """
    with _quiet():
        study = search.study()
        if jobs == 1:
            search.run(study, told)
            return study
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        runs = [pool.submit(_run, search, job) for job in range(jobs)]
        while wait(runs, POLL).not_done:
            told(finished(study))
        for each in runs:
            each.result()
    return study


def _run(search: Search, job: int) -> None:
    with _quiet():
        search.run(search.study(job))


@contextmanager
def _quiet() -> Generator[None]:
    """Without Optuna's line for each trial."""
    logging = needed("optuna").logging
    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    yield
    logging.set_verbosity(before)


def finished(study: Any) -> int:
    """How many trials have an outcome."""
    return len(_finished(study))


def _finished(study: Any) -> list[Any]:
    complete = needed("optuna.trial").TrialState.COMPLETE
    return study.get_trials(deepcopy=False, states=(complete,))
