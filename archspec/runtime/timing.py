"""How long a model takes, beside what the machine does at its best.

Everything is measured in rounds, so that what else is running meets all of it alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, process_time

import numpy as np

from archspec.runtime.order import Keep, Timed

WARM_UP = 3
"""Runs before the first round: memory is taken, code compiled, kernels chosen."""

SIDE = 1024
"""Of the matrices that are multiplied: large enough for every core to be busy."""

COPIED = 2**27
"""Bytes that are copied, several times what caches hold."""


class Whole:
    """A model that its framework compiles as a whole: no layer can be told apart."""

    def __init__(self, run: Callable[[], object]):
        self.run = run

    def run_watched(self) -> None:
        """There is nothing to note."""

    def layers(self) -> Mapping[str, Sequence[float]]:
        """None."""
        return {}


class Stopwatch:
    """Seconds of the network, of its layers and of the machine, by rounds."""

    def __init__(self, timed: Timed, threads: int):
        self.timed = timed
        self.machine = Machine(threads)
        self.whole: list[float] = []
        self.processor: list[float] = []
        self.matmul: list[float] = []
        self.copy: list[float] = []
        for _ in range(WARM_UP):
            timed.run()

    def round(self) -> None:
        """Measure each once."""
        self.matmul.append(_seconds(self.machine.multiply))
        self.copy.append(_seconds(self.machine.copy))
        self.timed.run()  # the copy has emptied the caches
        start = process_time()
        self.whole.append(_seconds(self.timed.run))
        self.processor.append(process_time() - start)
        self.timed.run_watched()

    def write(self, keep: Keep) -> None:
        """Keep all: `whole`, `processor`, `layer:PATH`, `copy` and `matmul`."""
        keep("whole", np.array(self.whole))
        keep("processor", np.array(self.processor))
        keep("matmul", np.array(self.matmul))
        keep("copy", np.array(self.copy))
        for path, seconds in self.timed.layers().items():
            keep(f"layer:{path}", np.array(seconds))


class Machine:
    """A large product of matrices and a large copy, by NumPy."""

    macs = SIDE**3
    bytes = 2 * COPIED
    """Those that are read and those that are written."""

    def __init__(self, threads: int):
        self.factors = np.ones((2, SIDE, SIDE), np.float32)
        self.product = np.empty((SIDE, SIDE), np.float32)
        self.source = np.ones(COPIED // 4, np.float32)
        self.target = np.zeros_like(self.source)
        self.pool = ThreadPoolExecutor(threads)
        self.threads = threads

    def multiply(self) -> None:
        """As many threads as NumPy was started with."""
        np.matmul(*self.factors, out=self.product)

    def copy(self) -> None:
        """One part for each thread."""
        parts = zip(
            np.array_split(self.target, self.threads),
            np.array_split(self.source, self.threads),
            strict=True,
        )
        for done in [self.pool.submit(np.copyto, *part) for part in parts]:
            done.result()


def _seconds(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start
