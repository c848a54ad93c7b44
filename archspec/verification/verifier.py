"""Runs a network in every target side by side, and compares what comes out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from itertools import product
from math import prod
from os import cpu_count
from pathlib import Path

from archspec.errors import VerifyError, did_you_mean
from archspec.frameworks import FRAMEWORKS, SOURCES, usual_targets
from archspec.network import Network
from archspec.runtime.order import ArrayFile, Order
from archspec.runtime.session import SECONDS, Answer, Session
from archspec.targets import render
from archspec.verification.comparisons import PRECISIONS, Job, compared
from archspec.verification.input_sizes import sized
from archspec.verification.memory import check_memory
from archspec.verification.report import Comparison, Report
from archspec.verification.source_locations import SourceLocations
from archspec.verification.training import compare_training
from archspec.verification.trial import Flag, Printer, Trial


class Worker:
    """A framework's process, and the orders that wait for it."""

    def __init__(self, framework: str, seconds: float, threads: int):
        """Start the process; raises FrameworkMissing."""
        self.framework = framework
        self.settings = framework, seconds, threads
        self.session = Session(*self.settings)
        self.queue = ThreadPoolExecutor(1)

    def submit(self, order: Order) -> Future[Answer]:
        """Have it carried out when its turn comes, by a process that is alive.

        What waits for one that dies fails with it, and starts no other: nobody would
        end that one.
        """
        if self.session.dead:
            self.session.close()
            self.session = Session(*self.settings)
        return self.queue.submit(self._run, self.session, order)

    @staticmethod
    def _run(session: Session, order: Order) -> Answer:
        answer = session.ask(order)
        written = Path(order.result).exists()
        return answer._replace(found=ArrayFile(order.result)) if written else answer

    def close(self) -> None:
        """End the process, whatever it is doing."""
        # No order may start once the process has ended: it would start another one.
        self.queue.shutdown(wait=False, cancel_futures=True)
        self.session.kill()
        self.queue.shutdown()
        self.session.close()


class Verifier:
    """Processes that wait for networks; a context manager that ends them."""

    def __init__(
        self,
        targets: Sequence[str] | None = None,
        seconds: float = SECONDS,
        printer: Printer = render,
        progress: Callable[[str], None] = lambda _: None,
    ):
        """Start a process for each target; raises VerifyError, FrameworkMissing.

        By default these are the usual ones. `seconds` is the limit of one run;
        `printer` makes a target's file.
        """
        targets = usual_targets() if targets is None else targets
        for target in targets:
            if target not in FRAMEWORKS:
                near = did_you_mean(target, FRAMEWORKS)
                help = f"{near} there are {', '.join(FRAMEWORKS)}".strip()
                message = f"there is no target '{target}'"
                raise VerifyError.single("AS601", message, help=help)
        self.printer, self.progress = printer, progress
        threads = max(1, (cpu_count() or 1) // max(1, len(targets)))
        with ExitStack() as stack:
            # Entered first, removed last: the processes write to it.
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self.workers = [
                stack.enter_context(closing(Worker(target, seconds, threads)))
                for target in dict.fromkeys(targets)
            ]
            self._stack = stack.pop_all()

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def verify(
        self,
        own: Network,
        seed: int = 0,
        train: bool = False,
    ) -> Report:
        """Compare all targets on a network; raises SpecError, VerifyError.

        With `train` also a step of training at the last size, in those that train.
        """
        names = [worker.framework for worker in self.workers]
        if train and len(set(names) & {*SOURCES}) < 2:
            message = f"training compares two of {', '.join(SOURCES)}"
            raise VerifyError.single("AS601", message)
        comparisons: list[Comparison] = []
        built: dict[str, Answer] = {}
        networks = sized(own)
        check_memory(own, networks, names, train)
        for network in networks:
            found, built = self._at_size(
                own, network, seed, train and network is networks[-1]
            )
            comparisons += found
        if own.weight_shapes != networks[-1].weight_shapes:
            built = self._built(own, seed)
        surplus = _surplus(own, built)
        return Report(own, seed, _counts(built), tuple(comparisons), surplus)

    def _at_size(
        self, own: Network, network: Network, seed: int, train: bool
    ) -> tuple[list[Comparison], dict[str, Answer]]:
        """All comparisons at one size, and what each target built."""
        height, width = network.image[1:]
        self.progress(f"{own.spec.module_name} at {height}x{width}")
        locations = SourceLocations(own, network, self.printer)
        with Trial(network, self.folder, seed, self.printer) as trial:
            runs = self._runs(trial)
            found = [*compared(trial, runs, locations)]
            if train and network.trainable_parameters:
                trained = [w.framework for w in self.workers if w.framework in SOURCES]
                take = partial(self._steps, trial)
                found += compare_training(trial, trained, take, locations)
        built = {j.framework: a for j, a in runs.items() if not j.folded}
        others = tuple(network.inputs.values())[1:]
        found = [each._replace(other_inputs=others) for each in found]
        return found, built

    def _built(self, network: Network, seed: int) -> dict[str, Answer]:
        """What each target builds of a network that is not run."""
        with Trial(network, self.folder, seed, self.printer) as trial:
            waiting = {
                worker.framework: worker.submit(
                    trial.order(worker.framework, "float32", "build")
                )
                for worker in self.workers
            }
            return {name: ran.result() for name, ran in waiting.items()}

    def _runs(self, trial: Trial) -> dict[Job, Answer]:
        """Every framework at every precision; the processes work side by side."""
        waiting: dict[Job, Future[Answer]] = {}
        has_norm = any(layer.op == "batch_norm" for layer in trial.network.layers)
        for precision, worker in product(PRECISIONS, self.workers):
            name = worker.framework
            if precision == "float32" or name in SOURCES:
                order = trial.order(name, precision)
                waiting[Job(name, precision)] = worker.submit(order)
            if precision == "float32" and name == "onnx" and has_norm:
                order = trial.order(name, precision, flag="folded")
                waiting[Job(name, precision, True)] = worker.submit(order)
        return {job: ran.result() for job, ran in waiting.items()}

    def _steps(
        self, trial: Trial, names: Collection[str], flag: Flag = ""
    ) -> dict[str, Answer]:
        """A step of training in these frameworks."""
        waiting = {
            worker.framework: worker.submit(
                trial.order(worker.framework, "float64", "train", flag)
            )
            for worker in self.workers
            if worker.framework in names
        }
        return {framework: ran.result() for framework, ran in waiting.items()}


def _counts(built: Mapping[str, Answer]) -> dict[str, int | None]:
    """The parameters of what was built; None where that failed."""
    return {
        name: None if answer.shapes is None else sum(map(prod, answer.shapes.values()))
        for name, answer in built.items()
    }


def _surplus(network: Network, built: Mapping[str, Answer]) -> tuple[str, ...]:
    """Weights of the ONNX file that the network does not have, as stored again."""
    stored = built.get("onnx", Answer()).shapes or {}
    return tuple(sorted(stored.keys() - network.weight_shapes.keys()))
