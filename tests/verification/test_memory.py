"""AS604: what `verify` would need is estimated first, and about right."""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from archspec.elaboration import elaborate
from archspec.errors import VerifyError
from archspec.runtime.order import ArrayFile, write_arrays
from archspec.verification import Verifier, memory, verifier
from archspec.verification.memory import (
    GIB,
    RUN,
    TRAIN,
    check_memory,
    estimate,
)
from archspec.verification.random_data import training_batch

ALL = "torch", "keras", "onnx"
STATUS = Path("/proc/self/status")
HEAD = """
archspec: 1
name: Net
input: {channels: 2, size: 96}
classes: 5
defaults: {conv: {padding: same, bias: false}}
layers:
"""


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """What is said of a network on a machine with so much memory; "" if it may run."""

    def check(layer, targets=ALL, train=False, gib=64):
        monkeypatch.setattr(memory, "installed", lambda: gib * GIB)
        path = tmp_path / "net.yaml"
        path.write_text(f"{HEAD}  layer: {layer}")
        network = elaborate(path)
        try:
            check_memory(network, [network], targets, train)
        except VerifyError as error:
            return str(error)
        return ""

    return check


OUTPUTS = "{upsample: 100}"
WEIGHTS = "{conv: {filters: 2000, kernel: 256, stride: 256}}"
HELP = "use a smaller variant, multiplier or input (--variant, --set)"


@pytest.mark.parametrize(
    ("layer", "targets", "needs", "help"),
    [
        (OUTPUTS, ALL, "21.6", f"{HELP}, or fewer targets (--target torch)"),
        ("{upsample: 200}", ["torch"], "22.5", HELP),
        (WEIGHTS.replace("2000", "5000"), ["torch"], "20.0", HELP),
    ],
)
def test_too_large(refused, layer, targets, needs, help):
    assert refused(layer, targets) == (
        f"error[AS604]: verify would need about {needs} GiB of memory at 96x96, "
        f"but may take 16.0 GiB\n   help: {help}"
    )


def test_fewer_targets_need_less(refused):
    assert not refused(OUTPUTS, ["torch"])


def test_training_needs_more(refused):
    assert not refused(WEIGHTS, ["torch", "keras"])
    assert refused(WEIGHTS, ["torch", "keras"], train=True)


def test_a_quarter_is_left_to_others(refused):
    assert refused("conv", gib=1) == (
        "error[AS604]: verify would need about 1.0 GiB of memory at 96x96, "
        f"but may take 0.8 GiB\n   help: {HELP}, or fewer targets (--target torch)"
    )
    assert not refused("conv", gib=2)


def test_the_network_at_its_own_size_counts(refused, tmp_path):
    """It is built, though it runs at another size."""
    refused("conv")
    path = tmp_path / "net.yaml"
    path.write_text(f"{HEAD}  flat: flatten\n  fc: {{dense: 100000}}")
    own, small = elaborate(path), elaborate(path, (), ["input.size=8"])
    check_memory(small, [small], ["torch"], train=False)
    with pytest.raises(VerifyError, match="at 96x96"):
        check_memory(own, [small], ["torch"], train=False)


@pytest.mark.full
@pytest.mark.skipif(not STATUS.exists(), reason="Linux says what a process holds")
@pytest.mark.parametrize("train", [False, True])
def test_measured(monkeypatch, train):
    """The estimate is not exceeded, nor twice what is needed."""
    monkeypatch.setattr(verifier, "sized", lambda own: [own])
    network = elaborate("mobilenetv2")
    with Verifier(ALL) as waiting, Held() as held:
        assert waiting.verify(network, train=train).ok
    stage = (TRAIN, training_batch(network)) if train else (RUN,)
    assert 0.5 < held.most / estimate(network, ALL, *stage) < 1


class Held:
    """The most bytes that this process and its children held at once, meanwhile.

    Beyond what they held before: other tests have imported frameworks, and have
    processes of their own.
    """

    def __init__(self):
        self.most = 0
        self.before = _held()
        self.ended = Event()
        self.thread = Thread(target=self._watch)

    def __enter__(self) -> Held:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.ended.wait(0.02):
            self.most = max(self.most, _held() - self.before)


def _held() -> int:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return sum(map(_bytes, ["self", *children.read_text().split()]))


def _bytes(process: str) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return 1024 * int(found[1]) if found else 0


def test_arrays_are_read_when_they_are_asked_for(tmp_path, monkeypatch):
    """Under another name, too: all outputs of a network may not fit."""
    path = tmp_path / "some.arrays"
    write_arrays(path, {"one": np.ones(2), "two": np.zeros(3)})
    read = []
    read_array = np.lib.format.read_array
    monkeypatch.setattr(
        np.lib.format,
        "read_array",
        lambda *a, **k: read.append(1) or read_array(*a, **k),
    )
    found = ArrayFile(path).renamed("one", "first")
    assert list(found) == ["first", "two"]
    assert "first" in found
    assert "one" not in found
    assert not read
    assert found["first"].tolist() == [1, 1]
    assert len(read) == 1
