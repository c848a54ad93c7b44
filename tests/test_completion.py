"""Completion: what a shell gets, and real shells in which somebody presses Tab."""

from __future__ import annotations

import os
import re
import resource
import select
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

SPEC = """
archspec: 1
name: Small
extends: base.yaml
classes: 10
layers: {stages: {rows: {early: [8], late: [16]}}}
variants: {wide: {classes: 20}}
"""
BASE = """
archspec: 1
name: Base
multipliers: {width: 1.0}
input: {channels: 3, size: round(32 * width)}
defaults: {conv: {padding: same, bias: false}}
layers:
  stages: {columns: [c], rows: {early: [8], late: [8]}, each: {conv: c}}
  last: {conv: 4}
variants: {"0.5_160": {multipliers: {width: 0.5}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two specs, and a command that is called archspec."""
    (tmp_path / "small.yaml").write_text(SPEC)
    (tmp_path / "base.yaml").write_text(BASE)
    command = tmp_path / "bin" / "archspec"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\nfrom archspec.cli import main\nmain()\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def environment(folder: Path, **others: str) -> dict[str, str]:
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, **others}


def completed(folder: Path, line: str) -> list[str]:
    """What bash gets for a line, whose last word is incomplete."""
    words = line.split(" ")
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        ["archspec"],
        env=environment(folder, _ARCHSPEC_COMPLETE="complete_bash", **asked),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("archspec fl", ["flops"]),
        ("archspec flops s", ["small.yaml", "segformer_b0", "shufflenetv2"]),
        ("archspec compare small.yaml small.yaml@w", ["small.yaml@wide"]),
        ("archspec flops small.yaml --variant ", ["0.5_160", "wide"]),
        (
            "archspec flops small.yaml --set input.",
            ["input.channels=3", "input.size="],
        ),
        ("archspec sweep small.yaml --grid cl", ["classes=10"]),
        ("archspec generate small.yaml --target torch,k", ["torch,keras"]),
        ("archspec generate small.yaml --keep w", ["width"]),
        (
            "archspec generate small.yaml --features stages",
            ["stages", "stages.early", "stages.late"],
        ),
        ("archspec init --from mobilenetv2", ["mobilenetv2"]),
        ("archspec watch small.yaml --format ", ["text", "json"]),
        ("archspec blocks inverted_r", ["inverted_residual"]),
        ("archspec ops depthw", ["depthwise_conv"]),
        ("archspec explain AS20", [f"AS20{digit}" for digit in range(1, 10)]),
        ("archspec weights convert w.pth small.yaml --to k", ["keras"]),
        ("archspec flops broken.yaml --variant ", []),
    ],
)
@pytest.mark.full
def test_what_a_shell_gets(folder: Path, line: str, words: list[str]):
    (folder / "broken.yaml").write_text("archspec: [")
    found = completed(folder, line)
    if line.endswith("flops s"):
        assert {*words} <= {*found}
    elif line.endswith("--to k"):
        assert found[0] == "keras"
    else:
        assert found == words


def test_a_completion_is_quick(folder: Path):
    """Less than counting a network: neither ops nor expressions are loaded."""
    line = "archspec flops mobilenetv2 --set multi"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert completed(folder, line) == [
        "multipliers.width=1.0",
        "multipliers.resolution=1.0",
    ]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.4


SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
START = {"zsh": "autoload -U compinit; compinit -u\n"}


@pytest.mark.full
@pytest.mark.parametrize("shell", SHELLS)
def test_tab_in_a_shell(folder: Path, shell: str):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = subprocess.run(
        ["archspec"],
        env=environment(folder, _ARCHSPEC_COMPLETE=f"source_{shell}"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (folder / "complete").write_text(script)
    with Typed(SHELLS[shell], folder) as terminal:
        terminal.type(f"{START.get(shell, '')}source ./complete\n")
        terminal.type("echo rea''dy\n")
        terminal.until("ready")
        terminal.type("archspec flops small.yaml --set input.ch\t")
        terminal.until(r"--set input\.channels\\?=3")
        terminal.type("\x15archspec flops small.yaml --variant wi\t")
        terminal.until("--variant wide")


ESCAPE = re.compile(r"\x1b(\[[\d;?]*[A-Za-z]|[()]B|[=>]|\][^\x07]*\x07)")


class Typed:
    """A shell in a terminal."""

    def __init__(self, command: list[str], folder: Path):
        self.master, terminal = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            cwd=folder,
            env=environment(folder, TERM="xterm", HOME=str(folder), PS1="$ "),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        self.shown = ""

    def __enter__(self) -> Typed:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def until(self, pattern: str) -> None:
        """Wait for a text on the screen; what was shown before does not count."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if select.select([self.master], [], [], 0.2)[0]:
                self.shown += os.read(self.master, 65_536).decode(errors="replace")
            plain = ESCAPE.sub("", self.shown)
            if match := re.search(pattern, plain):
                self.shown = plain[match.end() :]
                return
        pytest.fail(f"{pattern!r} is not in {self.shown!r}")
