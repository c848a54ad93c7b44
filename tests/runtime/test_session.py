"""Processes of frameworks: what they answer, and what becomes of those that fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("torch")

import pathlib

from archspec import frameworks
from archspec.errors import FrameworkMissing, VerifyError
from archspec.runtime.order import Order
from archspec.runtime.session import Session

GOOD = """
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.more = nn.Sequential(
            nn.Conv2d(4, 4, 1),
            nn.ReLU(),
        )
"""


@pytest.fixture
def order(tmp_path):
    """Build a module of this text."""

    def make(text: str) -> Order:
        path = tmp_path / "module.py"
        path.write_text(text)
        return Order("build", str(path), "Net", str(tmp_path / "result.npz"))

    return make


@pytest.fixture(scope="module")
def session():
    with Session("torch") as started:
        yield started


def test_lines_and_shapes(session, order):
    answer = session.ask(order(GOOD))
    assert answer.lines == {"conv": 8, "more": 9, "more.0": 10, "more.1": 11}
    assert answer.shapes == {
        "conv.weight": [4, 3, 1, 1], "conv.bias": [4],
        "more.0.weight": [4, 4, 1, 1], "more.0.bias": [4],
    }  # fmt: skip


def test_a_fault_is_answered(session, order):
    """And the process goes on; what modules print is no answer."""
    answer = session.ask(order("print('{}')\nraise KeyError('gone')"))
    assert answer.fault == "KeyError: 'gone'"
    assert "module.py" in answer.traceback
    assert not session.ask(order(GOOD)).fault


def test_a_process_that_dies(order):
    with Session("torch") as session:
        with pytest.raises(VerifyError) as caught:
            session.ask(order("import os; os.write(2, b'so long'); os._exit(3)"))
        (found,) = caught.value.diagnostics
        assert found.code == "AS603"
        assert found.message == "the process of torch ended with status 3"
        assert found.help.endswith("so long")
        assert session.dead


def test_a_full_disk_is_no_fault_of_the_network(order):
    with Session("torch") as session:
        full = "raise OSError(28, 'No space left on device')"
        with pytest.raises(VerifyError) as caught:
            session.ask(order(full))
        (found,) = caught.value.diagnostics
        assert found.code == "AS603"
        assert found.help.endswith("OSError: [Errno 28] No space left on device")


def test_the_time_limit(order):
    with Session("torch") as session:
        session.ask(order(GOOD))
        session.seconds = 1.5
        with pytest.raises(VerifyError) as caught:
            session.ask(order("while True: pass"))
        (found,) = caught.value.diagnostics
        assert found.code == "AS602"
        assert found.message == "torch took longer than 1.5 seconds"


def test_no_process_is_left_behind(order):
    with Session("torch") as session:
        number = session._process.pid
        session.ask(order(GOOD))
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_an_end_from_outside_ends_the_children(tmp_path):
    """Killed outright, the parent closes nothing; its process sees stdin end."""
    script = (
        "from archspec.runtime.session import Session; import time\n"
        "print(Session('torch')._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate(timeout=60)
    for _ in range(300):
        if not alive(child):
            return
        time.sleep(0.1)
    pytest.fail("the process of the framework is still there")


def alive(process: int) -> bool:
    try:
        with pathlib.Path(f"/proc/{process}/stat").open(encoding="utf-8") as file:
            return file.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_missing_framework(monkeypatch):
    monkeypatch.setattr(frameworks, "find_spec", lambda name: None)
    with pytest.raises(FrameworkMissing) as caught:
        Session("keras:jax")
    assert str(caught.value) == (
        "this needs jax, which is not installed\n"
        "   help: pip install 'archspec-nn[jax]'"
    )
