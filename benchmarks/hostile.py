"""What a hostile document costs before it is refused, beyond what `--help` costs.

Runs `archspec flops` on each document of tests/safety/hostile (or on those that are
named), and `archspec --help` in turn with it. Prints the slowest and the largest, and
how many go beyond 50 ms or 50 MB: python benchmarks/hostile.py [RUNS] [FILE...]
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

HOSTILE = Path(__file__).resolve().parent.parent / "tests" / "safety" / "hostile"
ARCHSPEC = [sys.executable, "-m", "archspec"]
MILLISECONDS, MEGABYTES = 50, 50
SHOWN = 10


class Cost(NamedTuple):
    """Of one process, or of one beyond another."""

    wall: float
    """Milliseconds, which other programs lengthen."""
    processor: float
    """Milliseconds."""
    memory: float
    """Megabytes at the most."""

    def beyond(self, other: "Cost") -> "Cost":
        return Cost(*(own - its for own, its in zip(self, other, strict=True)))


def cost(arguments: list[str]) -> Cost:
    start = time.perf_counter()
    process = subprocess.Popen(
        [*ARCHSPEC, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # nobody else waits for it
    wall = time.perf_counter() - start
    processor = usage.ru_utime + usage.ru_stime
    return Cost(wall * 1000, processor * 1000, usage.ru_maxrss / 1024)


def beyond_help(document: Path, runs: int) -> Cost:
    """The medians of the differences of pairs."""
    pairs = [(cost(["flops", str(document)]), cost(["--help"])) for _ in range(runs)]
    differences = [own.beyond(other) for own, other in pairs]
    return Cost(*map(statistics.median, zip(*differences, strict=True)))


def main(runs: int, documents: list[Path]) -> None:
    cost(["--help"])
    costs = {path.stem: beyond_help(path, runs) for path in documents}
    show("slowest", costs, lambda found: found.processor)
    show("largest", costs, lambda found: found.memory)
    slow = sum(found.processor > MILLISECONDS for found in costs.values())
    large = sum(found.memory > MEGABYTES for found in costs.values())
    print(f"\n{len(costs)} documents, medians of {runs} runs beyond archspec --help")
    print(f"beyond {MILLISECONDS} ms of processor time: {slow}")
    print(f"beyond {MEGABYTES} MB: {large}")


def show(title: str, costs: dict[str, Cost], by: Callable[[Cost], float]) -> None:
    """The documents that cost most, in a table."""
    print(f"\n{title:<32} wall ms  processor ms     MB")
    worst = sorted(costs.items(), key=lambda item: by(item[1]), reverse=True)
    for name, (wall, processor, memory) in worst[:SHOWN]:
        print(f"{name:<32} {wall:7.0f} {processor:13.0f} {memory:6.0f}")


if __name__ == "__main__":
    named = [Path(name) for name in sys.argv[2:]]
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 5,
        named or sorted(HOSTILE.glob("*.yaml")),
    )
