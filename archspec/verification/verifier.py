"""Runs a network in every target side by side, and compares what comes out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing
from itertools import product
from math import prod
from os import cpu_count
from pathlib import Path

from archspec.elaboration import elaborate
from archspec.network import Network
from archspec.runtime.session import SECONDS
from archspec.verification.outcomes import PRECISIONS, Job, compared
from archspec.verification.places import Places
from archspec.verification.report import Comparison, Report
from archspec.verification.sizes import sized
from archspec.verification.training import compare_training
from archspec.verification.trial import SOURCES, Printer, Trial, printed
from archspec.verification.workers import Ran, Worker


class Verifier:
    """Processes that wait for networks; a context manager that ends them."""

    def __init__(
        self,
        targets: Sequence[str] = (*SOURCES, "onnx"),
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
        comparisons: list[Comparison] = []
        parameters: dict[str, int | None] = {}
        for network in sized(spec, variants, overrides):
            found, parameters = self._at_size(own, network, seed, train)
            comparisons += found
        return Report(own, seed, parameters, tuple(comparisons))

    def _at_size(
        self, own: Network, network: Network, seed: int, train: bool
    ) -> tuple[list[Comparison], dict[str, int | None]]:
        """All comparisons at one size, and the parameters of each target."""
        height, width = network.input_shape[1:]
        self.progress(f"{own.spec.module_name} at {height}x{width}")
        places = Places(own, network, self.printer)
        with self._trial(network, seed) as trial:
            runs = self._runs(trial)
            found = [*compared(trial, runs, places)]
            if train:
                found += compare_training(trial, self._steps(trial), places)
            return found, self._parameters(own, trial, runs)

    def _trial(self, network: Network, seed: int) -> Trial:
        return Trial(network, self.folder, seed, self.printer)

    def _runs(self, trial: Trial) -> dict[Job, Ran]:
        """Every framework at every precision; the processes work side by side."""
        waiting: dict[Job, Future[Ran]] = {}
        for precision, worker in product(PRECISIONS, self.workers):
            name = worker.framework
            if precision == "float32" or name in SOURCES:
                order = trial.order(name, precision)
                waiting[Job(name, precision)] = worker.submit(order)
            if precision == "float32" and name == "onnx":
                order = trial.order(name, precision, folded=True)
                waiting[Job(name, precision, True)] = worker.submit(order)
        return {job: ran.result() for job, ran in waiting.items()}

    def _steps(self, trial: Trial) -> dict[str, Ran]:
        """A step of training in PyTorch and in Keras."""
        waiting = {
            worker.framework: worker.submit(
                trial.order(worker.framework, "float64", "train")
            )
            for worker in self.workers
            if worker.framework in SOURCES
        }
        return {framework: ran.result() for framework, ran in waiting.items()}

    def _parameters(
        self, own: Network, trial: Trial, runs: dict[Job, Ran]
    ) -> dict[str, int | None]:
        """What each target has; it is built at the network's own size if that counts.

        None where it could not be built.
        """
        built = {job.framework: ran for job, ran in runs.items() if not job.folded}
        if own.weight_shapes != trial.network.weight_shapes:
            with self._trial(own, trial.seed) as whole:
                waiting = {
                    worker.framework: worker.submit(
                        whole.order(worker.framework, "float32", "build")
                    )
                    for worker in self.workers
                }
                built = {name: ran.result() for name, ran in waiting.items()}
        return {
            name: sum(map(prod, ran.answer.shapes.values()))
            if ran.answer.shapes
            else None
            for name, ran in built.items()
        }
