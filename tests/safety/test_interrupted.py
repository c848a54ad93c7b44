"""`verify` interrupted: its processes end, its folder goes, nobody complains."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from folders import files
from processes import PATIENCE, alive, descendants, told, wait_for, wait_until_caught

pytest.importorskip("torch")

from archspec.errors import VerifyError
from archspec.runtime.order import Order
from archspec.verification.verifier import Worker

SPEC = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}}
layers: {a: {conv: {filters: 64, kernel: 5}, repeat: 20}}
"""
FOREVER = (
    "import pathlib\npathlib.Path(__file__ + '.begun').touch()\nwhile True: pass\n"
)


@pytest.fixture
def verify(start, tmp_path):
    """Start `archspec verify`, with an empty folder for temporaries."""
    (tmp_path / "net.yaml").write_text(SPEC)
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = start("verify", "net.yaml", "--targets", "torch,onnx", TMPDIR=str(folder))
    wait_until_caught(process)
    yield process, folder
    process.kill()
    process.communicate(timeout=PATIENCE)


def moments(process: subprocess.Popen[str], folder: Path, moment: str) -> set[int]:
    """Wait for a moment; the processes that are there then."""
    if moment == "working":
        wait_for(lambda: files(folder))
    elif moment == "starting":
        wait_for(lambda: len(descendants(process.pid)) == 2)
    return descendants(process.pid)


EARLIER = [
    pytest.param(moment, marks=pytest.mark.full) for moment in ("loading", "starting")
]


@pytest.mark.parametrize("moment", ["working", *EARLIER])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left(verify, number, moment):
    process, folder = verify
    children = moments(process, folder, moment)
    process.send_signal(number)
    assert process.communicate(timeout=PATIENCE) == ("", "")
    assert told(process.returncode) == 128 + number
    # One that was just being started nobody knew yet; it sees that its stdin ends.
    wait_for(lambda: not any(map(alive, children)))
    assert not any(folder.iterdir())


@pytest.mark.full
def test_an_interrupt_at_the_terminal(start, tmp_path):
    """Which every process of the group is sent."""
    (tmp_path / "net.yaml").write_text(SPEC)
    process = start("verify", "net.yaml", "--targets", "torch", own_group=True)
    wait_until_caught(process)
    wait_for(lambda: descendants(process.pid))
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=PATIENCE) == ("", "")
    assert told(process.returncode) == 130


@pytest.mark.parametrize("moment", ["working", EARLIER[-1]])
def test_children_do_not_outlive_a_killed_parent(verify, moment):
    process, folder = verify
    children = moments(process, folder, moment)
    process.kill()
    process.wait(timeout=PATIENCE)
    wait_for(lambda: not any(map(alive, children)))


@pytest.fixture
def endless(tmp_path) -> Order:
    """Build a module that never comes to its end."""
    path = tmp_path / "module.py"
    path.write_text(FOREVER)
    return Order("build", str(path), "Net", str(tmp_path / "result.arrays"))


def test_a_busy_child_notices(endless, tmp_path):
    """It is in the middle of an order, and reads nothing."""
    script = (
        "import sys; from archspec.runtime.order import Order\n"
        "from archspec.runtime.session import Session\n"
        "session = Session('torch'); print(session._process.pid, flush=True)\n"
        "session.ask(Order(*sys.argv[1:]))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, *endless[:4]], stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    wait_for((tmp_path / "module.py.begun").exists)
    parent.kill()
    parent.communicate(timeout=PATIENCE)
    wait_for(lambda: not alive(child))


def test_closing_drops_the_orders_that_wait(endless, tmp_path):
    """And starts no new process for them."""
    worker = Worker("torch", 300, 1)
    first, second = worker.submit(endless), worker.submit(endless)
    wait_for((tmp_path / "module.py.begun").exists)
    closing = threading.Thread(target=worker.close)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()
    assert second.cancelled()
    with pytest.raises(VerifyError, match="AS603"):
        first.result()
    assert not descendants(os.getpid()) & {worker.session._process.pid}
