"""Networks measured on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from archspec.errors import FrameworkMissing, InvalidArgument, one_of, optional_packages
from archspec.frameworks import FRAMEWORKS

if TYPE_CHECKING:
    from archspec.api.network import Network
    from archspec.benching import Benchmark

SECONDS = 300


def to_csv(benchmarks: Sequence[Benchmark]) -> str:
    """A line for each network in each target, and one for each of its layers."""
    from archspec.benching import to_csv

    return to_csv(benchmarks)


def bench(
    networks: Iterable[Network],
    targets: Sequence[str] = ("torch",),
    *,
    threads: int | None = None,
    batch: int = 1,
    rounds: int = 30,
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Benchmark]:
    """Measure how long networks take on this machine, and which layers take it.

    Runs generated code with random weights, each network and target in its own process,
    one at a time. In each round every network runs twice, once with its layers timed,
    beside a product of matrices and a copy.

    Args:
        networks: the networks to measure.
        targets: such as `["torch", "onnx"]`; layers have times in these two.
        threads: of each process; by default as many as there are processors.
        batch: images in a run.
        rounds: how often each is measured.
        seconds: time limit of one run.
        progress: called with a text before each step.

    Raises:
        InvalidArgument: an unknown target, or a number below 1.
        VerifyError: a process takes too long (AS602) or fails (AS603).
        SpecError: a target does not support a network (AS4xx).
        FrameworkMissing: a framework is not installed.
    """
    if isinstance(targets, str):
        raise TypeError(f"'targets' must be a list of names, not {targets!r}")
    for target in targets:
        one_of("target", target, FRAMEWORKS)
        if missing := FRAMEWORKS[target].missing:
            raise FrameworkMissing(missing)
    counts = {"threads": threads, "batch": batch, "rounds": rounds}
    for name, count in counts.items():
        if count is not None and count < 1:
            raise InvalidArgument(f"'{name}' must be at least 1, not {count}")
    with optional_packages():
        from archspec.benching import Setup, measure, usable_cpus

        setup = Setup(batch, threads or usable_cpus(), rounds, seconds)
        return measure([*networks], targets, setup, progress)
