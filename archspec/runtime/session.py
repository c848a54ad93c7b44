"""A process of one framework, seen from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from threading import Timer
from typing import Any, NamedTuple

from archspec.errors import FrameworkMissing, VerifyError
from archspec.frameworks import FRAMEWORKS, target_of
from archspec.runtime.order import Order

SECONDS = 300.0
"""How long a process may take for one order, its start included."""
QUICK = {
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TOP_PAD_": str(2**28),
    "MALLOC_TRIM_THRESHOLD_": str(2**40),
    "TF_ENABLE_ONEDNN_OPTS": "1",
}
"""Of a process that is timed: glibc keeps memory that was freed.

Else each run takes the memory of its tensors anew, a page at a time: thousands of page
faults, which make two equal networks differ by more than what is to be measured.
"""
ORIGINAL = "original"
"""The side of a process that runs a model of PyTorch or Keras."""


def installed(target: str) -> str:
    """The first framework for a target that is installed, else the target itself."""
    running = (name for name in FRAMEWORKS if target_of(name) == target)
    return next((name for name in running if not FRAMEWORKS[name].missing), target)


class Answer(NamedTuple):
    """What became of an order.

    `lines` says where in the file each layer is made, `shapes` which weights the module
    has, None if it could not even be built. `fault` is what went wrong, in `layer` if
    that is known; `found` are the arrays that were computed, up to a fault.
    """

    lines: Mapping[str, int] = {}
    shapes: Mapping[str, Sequence[int]] | None = None
    fault: str = ""
    traceback: str = ""
    layer: str = ""
    found: Mapping[str, Any] = {}


class Session:
    """One framework's process; it lives until `close`, or until it fails."""

    def __init__(
        self,
        framework: str,
        seconds: float = SECONDS,
        threads: int = 1,
        *,
        side: str = "",
        exact: bool = True,
    ):
        """Start it; raises FrameworkMissing. `side` is by default the framework's.

        What is not `exact` is as quick as the framework can be.
        """
        if missing := FRAMEWORKS[framework].missing:
            raise FrameworkMissing(missing)
        self.framework = framework
        self.seconds = seconds
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "archspec.runtime.child",
                side or target_of(framework),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            env=_environment(framework, threads, exact),
            text=True,
        )
        self._ready = False

    def ask(self, order: Order) -> Answer:
        """Carry out an order; raises VerifyError (AS602, AS603) if the process dies."""
        assert self._process.stdin is not None
        clock = Timer(self.seconds, self._process.kill)
        clock.start()
        try:
            if not self._ready:
                self._answer(clock)
                self._ready = True
            print(json.dumps(order._asdict()), file=self._process.stdin, flush=True)
            answer = self._answer(clock)
        except OSError:
            raise self._dead(clock) from None
        finally:
            clock.cancel()
        return Answer(**answer)

    @property
    def dead(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End the process; another thread that waits for an answer gets AS603."""
        self._process.kill()

    def close(self) -> None:
        """End the process; no other thread may be waiting for it."""
        self.kill()
        self._process.communicate()
        self._noise.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, clock: Timer) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._dead(clock)
        return json.loads(line)

    def _dead(self, clock: Timer) -> VerifyError:
        status = self._process.wait()
        if clock.finished.is_set():
            message = f"{self.framework} took longer than {self.seconds:g} seconds"
            help = "--seconds gives it more"
            return VerifyError.single("AS602", message, help=help)
        self._noise.seek(0)
        said = self._noise.read().decode("utf-8", "replace").strip().splitlines()
        message = f"the process of {self.framework} ended with status {status}"
        return VerifyError.single("AS603", message, help="\n".join(said[-12:]))


def _environment(framework: str, threads: int, exact: bool) -> dict[str, str]:
    count = str(threads)
    common = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": framework.partition(":")[2] or "tensorflow",
        "OMP_NUM_THREADS": count,
        "ORT_DISABLE_TELEMETRY": "1",  # or onnxruntime tells its maker what it runs
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": count,
    }
    # JAX takes its threads from NPROC.
    return common if exact else {**common, **QUICK, "NPROC": count}
