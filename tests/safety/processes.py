"""What Linux tells of processes."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60
"""Seconds, where other tests keep the machine busy."""


def wait_for(holds: Callable[[], object]) -> None:
    """Wait until it holds; raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def wait_until_caught(process: subprocess.Popen[str]) -> None:
    """Wait until the process does not die of SIGTERM: it then is in `main`."""
    bit = 1 << (signal.SIGTERM - 1)
    wait_for(lambda: int(_status(process.pid).get("SigCgt", "0"), 16) & bit)


def told(code: int) -> int:
    """The exit code that a shell tells: of a process that a signal killed, 128 + it.

    Interrupted inside `exec` (dataclasses use it), Python kills itself by SIGINT at its
    end, whatever has become of the exception.
    """
    return code if code >= 0 else 128 - code


def descendants(process: int) -> set[int]:
    """The numbers of all processes that it started, and that these did."""
    children = {n for n in _numbers() if _status(n).get("PPid") == str(process)}
    return children.union(*map(descendants, children))


def alive(process: int) -> bool:
    """Whether it is there, and no zombie."""
    return _status(process).get("State", "Z")[0] not in "ZX"


def _numbers() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _status(process: int) -> dict[str, str]:
    try:
        text = Path(f"/proc/{process}/status").read_text("utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return {}
    fields = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in fields}
