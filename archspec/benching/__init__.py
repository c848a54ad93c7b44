"""Measures generated networks on this machine, layer by layer."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archspec.analysis.roofline import Roof
from archspec.benching.report import Benchmark, to_csv
from archspec.benching.samples import Setup, measured
from archspec.frameworks import FRAMEWORKS
from archspec.network import Network

__all__ = ["Benchmark", "Setup", "measure", "to_csv", "usable_cpus"]


def measure(
    networks: Sequence[Network],
    targets: Sequence[str],
    setup: Setup,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Benchmark]:
    """Measure each network in each target; raises as `measured` does."""
    found = measured(networks, targets, setup, progress)
    return [
        Benchmark(
            each.network,
            each.target,
            setup.batch,
            _facts(each.target, setup.threads),
            each.whole,
            each.processor,
            each.layers,
            Roof(each.macs_per_second, each.bytes_per_second),
        )
        for each in found
    ]


def _facts(target: str, threads: int) -> dict[str, Any]:
    """What was measured, and where; `load` is the mean of the last minute."""
    packages = FRAMEWORKS[target].packages[:2]  # others are for files of weights
    return {
        "framework": ", ".join(f"{name} {version(name)}" for name in packages),
        "threads": threads,
        "cpu": _cpu(),
        "load": os.getloadavg()[0],
    }


def _cpu() -> str:
    """The processor as Linux calls it, and how many this process may use."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        text = ""
    name = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    model = name[1] if name else platform.processor() or platform.machine()
    return f"{usable_cpus()} x {model}"


def usable_cpus() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
