"""What processes take: processor time, and memory at the most."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Cost(NamedTuple):
    """Of one process, or of one beyond another."""

    wall: float
    """Milliseconds, which other programs lengthen."""
    processor: float
    """Milliseconds."""
    memory: float
    """Megabytes at the most."""

    def beyond(self, other: Cost) -> Cost:
        return Cost(*(own - its for own, its in zip(self, other, strict=True)))


LAUNCH = """
import os, sys, time
null = os.open(os.devnull, os.O_RDWR)
silent = [(os.POSIX_SPAWN_DUP2, null, stream) for stream in (1, 2)]
start = time.perf_counter()
made = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, _, usage = os.wait4(made, 0)
wall = time.perf_counter() - start
print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
"""Linux counts what a process's parent holds as its own: the parent has to be small."""


def cost(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run it once, with the path of its program; what it prints is lost."""
    launch = [sys.executable, "-I", "-S", "-c", LAUNCH, *command]
    done = subprocess.run(
        launch, env=environment, check=True, capture_output=True, text=True
    )
    wall, processor, kilobytes = map(float, done.stdout.split())
    return Cost(wall * 1000, processor * 1000, kilobytes / 1024)


def medians(costs: Sequence[Cost]) -> Cost:
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def machine() -> str:
    """What else is running, too."""
    return f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
