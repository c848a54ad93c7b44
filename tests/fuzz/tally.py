"""How many cases of each kind ran, what became of them, and what they cost.

`make fuzz CASES=500 NETWORKS=500 SEED=1` passes its budget on in the environment.
Without a seed the same cases are drawn each time.
"""

from __future__ import annotations

import copy
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from archspec.errors import Diagnosed

CASES = int(os.environ.get("FUZZ_CASES") or 30)
"""Of each kind of document; other kinds have a share of it."""
NETWORKS = int(os.environ.get("FUZZ_NETWORKS") or 4)
SEED = os.environ.get("FUZZ_SEED") or None
PARTS = 2
"""Of the cases without a seed: the first is always run, the others with `--full`."""

SECONDS = 10.0
"""Of processor time that a case may take; it is stopped at twice that."""
MEGABYTES = 400
"""By which a case may raise the peak of memory; ten times that are not to be had."""

_HARM = (
    "os.exec", "os.fork", "os.posix_spawn", "os.remove", "os.rename", "os.spawn",
    "os.symlink", "os.system", "pickle.find_class", "shutil.", "socket.connect",
    "subprocess.Popen", "urllib.Request",
)  # fmt: skip
"""What no document and no file of weights may lead to."""


@dataclass
class Tally:
    """One kind of case; `codes` are those of its diagnostics, `found` are faults."""

    cases: int = 0
    results: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: float = 0.0
    megabytes: float = 0.0

    def add(self, other: Tally) -> None:
        self.cases += other.cases
        self.results += other.results
        self.codes.update(other.codes)
        self.found.update(other.found)
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        self.megabytes = max(self.megabytes, other.megabytes)

    def lines(self, kind: str) -> Iterator[str]:
        """What a reader wants to know of it."""
        told = self.cases - self.results - sum(self.found.values())
        yield (
            f"{kind}: {self.cases} cases in {self.seconds:.1f} s, {self.results} gave "
            f"a result, {told} a diagnostic; slowest {self.slowest:.2f} s, "
            f"memory +{self.megabytes:.0f} MB"
        )
        if self.codes:
            codes = Counter(self.codes).most_common(8)
            listed = (f"{code} x {n}" for code, n in codes)
            yield f"    {', '.join(listed)}"
        yield from (f"    FOUND x {n}: {fault}" for fault, n in self.found.items())

    def as_data(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: dict(v) if isinstance(v, Counter) else v for k, v in values.items()}


TALLIES: dict[str, Tally] = {}
"""By kind, of the test that runs."""


class TooLong(Exception):
    """A case was stopped."""


class Harm(BaseException):
    """A case did what no data may lead to; nothing shall catch it."""


def drawn(cases: float) -> Callable[[Any], Any]:
    """So many cases of Hypothesis: those of the seed, or of the part."""
    chosen = settings(
        max_examples=max(1, round(cases)),
        derandomize=False,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # whole documents are made smaller, not draws
        suppress_health_check=list(HealthCheck),
    )

    def decorate(test: Any) -> Any:
        return chosen(seed(int(SEED or PART[0]))(test))

    return decorate


def each(
    kind: str,
    cases: float,
    draw: Callable[[Random], Any],
    check: Callable[[Any], None],
    smaller: Callable[[Any], Iterable[Any]] = lambda _: (),
) -> None:
    """Check so many cases; then fail for every fault, with the smallest case of it.

    The cases are those of the seed, and others than those of another kind.
    """
    faults: dict[str, Any] = {}

    @drawn(cases)
    @given(st.randoms(use_true_random=True))
    def one(random: Random) -> None:
        case = draw(Random(f"{kind} {random.random()}"))
        fault = _fault(check, case)
        if fault is None:
            return
        if not any(fault in tally.found for tally in TALLIES.values()):
            TALLIES.setdefault(kind, Tally()).found[fault] += 1
        if fault not in faults:
            with _aside():
                faults[fault] = _smallest(case, fault, check, smaller)

    one()
    told = [f"{fault}\n    {case!r}" for fault, case in faults.items()]
    assert not faults, "\n".join(told)


def _fault(check: Callable[[Any], None], case: Any) -> str | None:
    """What is wrong with a case, told alike for cases with the same fault."""
    try:
        check(case)
    except (Exception, Harm) as error:
        return signature(error)
    return None


def _smallest(case: Any, fault: str, check: Any, smaller: Any) -> Any:
    """The case with all left out that the fault does not need."""
    for less in smaller(case):
        if _fault(check, less) == fault:
            return _smallest(less, fault, check, smaller)
    return case


@contextmanager
def _aside() -> Iterator[None]:
    """What is tried to make a case smaller is not counted."""
    kept = copy.deepcopy(TALLIES)
    yield
    TALLIES.clear()
    TALLIES.update(kept)


def tried(
    kind: str,
    run: Callable[[], Any],
    children: bool = False,
) -> Any:
    """What `run` gives, or the Diagnosed that it raises; nothing else is allowed.

    With `children` it may start processes.
    """
    tally = TALLIES.setdefault(kind, Tally())
    tally.cases += 1
    start, peak = time.process_time(), _peak()
    try:
        with _bounded(children):
            result = run()
        tally.results += 1
    except Diagnosed as error:
        tally.codes.update({diagnostic.code for diagnostic in error.diagnostics})
        result = error
    except (Exception, Harm) as error:
        tally.found[signature(error)] += 1
        raise
    seconds, megabytes = time.process_time() - start, _peak() - peak
    tally.seconds += seconds
    tally.slowest = max(tally.slowest, seconds)
    tally.megabytes = max(tally.megabytes, megabytes)
    assert seconds < SECONDS, f"{seconds:.1f} s"
    assert megabytes < MEGABYTES, f"{megabytes:.0f} MB"
    return result


def signature(error: BaseException) -> str:
    """The fault and the last line of ours that it came through."""
    frames = [
        f"{Path(frame.filename).name}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if f"{os.sep}archspec{os.sep}" in frame.filename
    ]
    said = re.sub(r"\d+", "0", str(error).partition("\n")[0])[:100]
    where = frames[-1] if frames else "the test"
    return f"{type(error).__name__} in {where}: {said}"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _bounded(children: bool) -> Iterator[None]:
    """Limits of time and memory, and an eye on what it does."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + 10 * MEGABYTES * 2**20
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, 2 * SECONDS)
    if not children:
        resource.setrlimit(resource.RLIMIT_AS, (most, limits[1]))
    _watched.append(children)
    try:
        yield
    finally:
        _watched.pop()
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def _stop(*_: object) -> None:
    raise TooLong(f"still not done after {2 * SECONDS:g} s")


_watched: list[bool] = []


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched or not event.startswith(_HARM):
        return
    if not _watched[-1]:
        raise Harm(f"{event}{arguments!r}"[:200])


sys.addaudithook(_look)


TALLY: Counter[str] = Counter()
"""Of random networks."""
PART = [0]
"""Which part of the cases the test draws."""
