"""Runs a network in every target side by side, and compares what comes out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import product
from math import prod
from os import cpu_count
from pathlib import Path
from typing import NamedTuple

from archspec.elaboration import elaborate
from archspec.network import Network, NetworkLayer
from archspec.runtime.order import Order, Precision, read_arrays
from archspec.runtime.session import SECONDS, Answer, Session
from archspec.targets.templates import manifest
from archspec.verify.compare import (
    Found,
    first_difference,
    output_errors,
    tolerance,
)
from archspec.verify.places import Places
from archspec.verify.report import NETWORK, Comparison, Report
from archspec.verify.sizes import sized
from archspec.verify.training import compare_training
from archspec.verify.trial import Printer, Trial, printed
from archspec.weights.moves import Named, names_there

DOUBLE = ("torch", "keras")
"""Frameworks that compute in float64; the others are judged in float32."""

PRECISIONS: tuple[Precision, ...] = ("float64", "float32")


class Ran(NamedTuple):
    """What a framework made of an order; `found` is empty if it failed."""

    answer: Answer
    found: Found


class Worker:
    """A framework's process, and the orders that wait for it."""

    def __init__(self, framework: str, seconds: float, threads: int):
        self.framework = framework
        self.settings = framework, seconds, threads
        self.session = Session(*self.settings)
        self.queue = ThreadPoolExecutor(1)

    def submit(self, order: Order) -> Future[Ran]:
        """Have it carried out when its turn comes."""
        return self.queue.submit(self._run, order)

    def _run(self, order: Order) -> Ran:
        if self.session.dead:
            self.session.close()
            self.session = Session(*self.settings)
        answer = self.session.ask(order)
        return Ran(answer, {} if answer.fault else read_arrays(order.result))

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.session.close()
        self.queue.shutdown(cancel_futures=True)


class Verifier:
    """Processes that wait for networks; a context manager that ends them."""

    def __init__(
        self,
        targets: Sequence[str] = DOUBLE,
        seconds: float = SECONDS,
        printer: Printer = printed,
        progress: Callable[[str], None] = lambda _: None,
    ):
        """Start a process for each target; raises FrameworkMissing.

        `seconds` is the limit of one run; `printer` makes a target's file.
        """
        self.printer, self.progress = printer, progress
        threads = max(1, (cpu_count() or 1) // max(1, len(targets)))
        with ExitStack() as stack:
            self.workers = [
                stack.enter_context(closing(Worker(target, seconds, threads)))
                for target in targets
            ]
            folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            self.folder = Path(stack.enter_context(folder))
            self._stack = stack.pop_all()

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def verify(
        self,
        spec: str | Path,
        variants: Sequence[str] = (),
        overrides: Sequence[str] = (),
        seed: int = 0,
        train: bool = False,
    ) -> Report:
        """Compare all targets on a spec; raises SpecError, VerifyError.

        With `train` also a step of training, by PyTorch and by Keras on TensorFlow.
        """
        own = elaborate(spec, variants, overrides)
        parameters: dict[str, int | None] = {}
        comparisons: list[Comparison] = []
        for network in sized(spec, variants, overrides):
            height, width = network.input_shape[1:]
            self.progress(f"{own.spec.module_name} at {height}x{width}")
            folder = self.folder / f"{height}x{width}"
            trial = Trial(network, folder, seed, self.printer)
            places = Places(own, network, self.printer)
            runs = self._runs(trial)
            for (framework, _), ran in runs.items():
                parameters[framework] = _counted(ran.answer, network, framework)
            comparisons += _compared(trial, runs, places)
            if train:
                comparisons += self._trained(trial, places)
            shutil.rmtree(folder)
        return Report(own, seed, parameters, tuple(comparisons))

    def _runs(self, trial: Trial) -> dict[tuple[str, Precision], Ran]:
        """Every framework at every precision; the processes work side by side."""
        jobs: dict[tuple[str, Precision], Future[Ran]] = {}
        for precision, worker in product(PRECISIONS, self.workers):
            if precision == "float32" or worker.framework in DOUBLE:
                order = trial.order(worker.framework, precision)
                jobs[worker.framework, precision] = worker.submit(order)
        trial.expected("float64")  # while they work
        return {key: job.result() for key, job in jobs.items()}

    def _trained(self, trial: Trial, places: Places) -> list[Comparison]:
        jobs = {
            worker.framework: worker.submit(
                trial.order(worker.framework, "float64", train=True)
            )
            for worker in self.workers
            if worker.framework in DOUBLE
        }
        runs = {framework: job.result() for framework, job in jobs.items()}
        return compare_training(trial, runs, places)


def _counted(answer: Answer, network: Network, framework: str) -> int | None:
    """The parameters that a module has; None if it could not be built."""
    return sum(map(prod, answer.shapes.values())) if answer.shapes else None


def _compared(
    trial: Trial, runs: dict[tuple[str, Precision], Ran], places: Places
) -> Iterator[Comparison]:
    """The network with each target, then the first target with each other one."""
    for precision in PRECISIONS:
        ran = {name: run for (name, p), run in runs.items() if p == precision}
        pairs = [(NETWORK, name) for name in ran]
        pairs += [(name, other) for name in [*ran][:1] for other in [*ran][1:]]
        for pair in pairs:
            yield _comparison(trial, precision, pair, ran, places)


def _comparison(
    trial: Trial,
    precision: Precision,
    pair: tuple[str, str],
    runs: dict[str, Ran],
    places: Places,
) -> Comparison:
    network = trial.network
    limit = tolerance(network, precision, pair)
    whole = Comparison(pair, "outputs", precision, network.input_shape, limit)
    for name in pair:
        if name in runs and runs[name].answer.fault:
            return _failed(whole, name, runs[name].answer, places)
    expected = trial.expected(precision)
    one, other = (expected if name == NETWORK else runs[name].found for name in pair)
    apart = output_errors(network, other, one)
    whole = whole._replace(max_abs_error=apart.absolute, relative_error=apart.relative)
    differs = first_difference(network, other, one, limit)
    if differs is None:
        return whole
    layer, relative = differs
    ran = {name: runs[name] for name in pair if name in runs}
    at_fault = tuple(
        name
        for name, run in ran.items()
        if first_difference(network, _only(run.found, layer.path), expected, limit)
    )
    lines = {name: run.answer.lines for name, run in ran.items()}
    found = places.difference(layer, relative, at_fault, lines)
    return whole._replace(first_difference=found)


def _only(found: Found, path: str) -> Found:
    return {path: found[path]} if path in found else {}


def _failed(
    comparison: Comparison, framework: str, answer: Answer, places: Places
) -> Comparison:
    """A target that could not run; where its weights do not fit, the first of them."""
    misfit = _misfit(places.network, framework, answer) if answer.shapes else None
    if misfit is None:
        return comparison._replace(fault=f"{framework}: {answer.fault}")
    layer, there = misfit
    lines = {framework: answer.lines}
    return comparison._replace(
        first_difference=places.difference(layer, None, (framework,), lines),
        fault=f"{framework} has no {there.name} of shape {there.shape}",
    )


def _misfit(
    network: Network, framework: str, answer: Answer
) -> tuple[NetworkLayer, Named] | None:
    """The first layer with a weight that the module lacks, or has of another shape."""
    target = framework.partition(":")[0]
    named = names_there(network, manifest(target)) if target in DOUBLE else {}
    wanted = (
        (layer, named[f"{layer.path}.{name}"])
        for layer in network.layers
        for name in layer.weights
    )
    for layer, there in wanted:
        if tuple(answer.shapes.get(there.name, ())) != there.shape:
            return layer, there
    return None
