"""The seconds of networks in frameworks, each in a process of its own, by rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from archspec.errors import VerifyError, needed
from archspec.frameworks import target_of
from archspec.network import Network
from archspec.runtime.order import ArrayFile, Order, as_inputs, write_arrays
from archspec.runtime.session import Answer, Session
from archspec.runtime.structure import structure
from archspec.runtime.timing import Machine
from archspec.targets import render
from archspec.targets.templates import manifest
from archspec.weights.initial import fresh, stream
from archspec.weights.moves import to_target


class Setup(NamedTuple):
    """How everything is measured; `seconds` is the limit of one run."""

    batch: int
    threads: int
    rounds: int
    seconds: float


class Samples(NamedTuple):
    """The seconds of a network, and of its layers, in each round.

    `layers` has those that the framework can tell apart. The peaks are the machine's.
    """

    network: Network
    target: str
    whole: Sequence[float]
    processor: Sequence[float]
    layers: Mapping[str, Sequence[float]]
    macs_per_second: float
    bytes_per_second: float


def measured(
    networks: Sequence[Network],
    targets: Sequence[str],
    setup: Setup,
    progress: Callable[[str], None],
) -> list[Samples]:
    """Each network in each target, whose rounds take turns.

    Raises SpecError, VerifyError (AS602, AS603) and FrameworkMissing.
    """
    with ExitStack() as stack:
        # Entered first, removed last: the processes write to it.
        folder = Path(stack.enter_context(TemporaryDirectory()))
        runs: list[Run] = []
        for network, target in product(networks, targets):
            progress(f"{network.spec.module_name} in {target}")
            own = folder / str(len(runs))
            own.mkdir()
            session = Session(target, setup.seconds, setup.threads, exact=False)
            order = _order(network, target, own, setup)
            runs.append(Run(network, stack.enter_context(session), own, order))
            runs[-1].ask()
        for number in range(setup.rounds):
            progress(f"round {number + 1} of {setup.rounds}")
            _round(runs)
        return [run.samples() for run in runs]


class Run(NamedTuple):
    """A network in a process of a framework, with its files."""

    network: Network
    session: Session
    folder: Path
    order: Order

    def ask(self, result: str = "") -> None:
        """Build it, or measure a round; raises VerifyError (AS602, AS603)."""
        answer = self.session.ask(self.order._replace(result=result))
        if answer.fault:
            raise _failed(self.session.framework, answer)

    def samples(self) -> Samples:
        """What all rounds have measured."""
        path = self.folder / "seconds.arrays"
        self.ask(str(path))
        found = {name: array.tolist() for name, array in ArrayFile(path).items()}
        layers = {
            name.removeprefix("layer:"): seconds
            for name, seconds in found.items()
            if name.startswith("layer:")
        }
        return Samples(
            self.network,
            self.session.framework,
            found["whole"],
            found["processor"],
            layers,
            Machine.macs / min(found["matmul"]),
            Machine.bytes / min(found["copy"]),
        )


def _round(runs: Sequence[Run]) -> None:
    for run in runs:
        run.ask()


def _order(network: Network, framework: str, folder: Path, setup: Setup) -> Order:
    """To time a network, its files written."""
    images, weights = folder / "images.arrays", fresh(network)
    given = [
        stream(0, name).standard_normal((setup.batch, *shape), np.float32)
        for name, shape in network.inputs.items()
    ]
    write_arrays(images, as_inputs(given))
    order = Order(
        task="time",
        module="",
        name=network.name,
        result="",
        images=str(images),
        threads=setup.threads,
        **structure(network)._asdict(),
    )
    if framework == "onnx":
        path = folder / "network.onnx"
        path.write_bytes(needed("archspec.targets.onnx").file(network, weights))
        return order._replace(module=str(path))
    target = target_of(framework)
    path, arrays = folder / f"{target}.py", folder / "weights.arrays"
    path.write_text(render(network, target), encoding="utf-8")
    write_arrays(arrays, to_target(network, manifest(target), weights))
    return order._replace(module=str(path), weights=str(arrays))


def _failed(target: str, answer: Answer) -> VerifyError:
    where = f" in '{answer.layer}'" if answer.layer else ""
    message = f"the {target} network failed{where}: {answer.fault}"
    return VerifyError.single("AS603", message)
