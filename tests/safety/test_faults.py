"""Killed, on a full or read-only disk, or with nobody to read: no half of anything."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from folders import files
from processes import PATIENCE, told, wait_until_caught

from archspec.api.files import write_files
from archspec.targets import TARGETS

SPEC = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}}
layers: {a: {conv: 8}}
"""
FULL = "/dev/full"

# Writing, and killed

COUNT, LINES = 40, 4_000
WRITER = f"""
import itertools, pathlib, sys
import archspec.cli.commands
from archspec.cli import main
from archspec.api.files import write_files

def write(arguments):
    for version in itertools.count():
        text = f"{{version}}\\n" * {LINES}
        files = {{pathlib.Path(f"f{{n}}.py"): text for n in range({COUNT})}}
        write_files(files, pathlib.Path(arguments[0]), force=True)
        print(version, flush=True)

archspec.cli.commands.program = lambda arguments: lambda: write(arguments)
main()
"""


def killed_while_writing(folder: Path, number: signal.Signals, seconds: float):
    """What a process that writes on and on said, and how it ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors


@pytest.mark.parametrize("moment", range(5))
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_every_file_is_old_or_new(tmp_path, number, moment):
    """Only SIGKILL may leave a temporary, whose name starts with a dot."""
    seconds = random.Random(moment).uniform(0, 0.05)
    code, errors = killed_while_writing(tmp_path, number, seconds)
    assert (told(code), errors) == (128 + number, "")
    found = files(tmp_path)
    for n in range(COUNT):
        lines = found.pop(f"f{n}.py").decode().splitlines()
        assert len(lines) == LINES
        assert len(set(lines)) == 1
    assert all(name.startswith(".f") for name in found)
    assert len(found) <= (number is signal.SIGKILL)
    named = {Path(f"f{n}.py"): "again\n" for n in range(COUNT)}
    assert len(write_files(named, tmp_path, force=True)) == COUNT


def test_what_a_killed_process_left_is_not_in_the_way(tmp_path):
    """Where processes are in a container, each has the same number."""
    (tmp_path / f".net.py.{os.getpid()}").write_text("half")
    write_files({Path("net.py"): "whole\n"}, tmp_path)
    assert files(tmp_path) == {"net.py": b"whole\n"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.5])
def test_generate_interrupted(start, tmp_path, number, seconds):
    """All is rendered before the first file is written."""
    process = start("generate", "--bundled")
    wait_until_caught(process)
    time.sleep(seconds)
    process.send_signal(number)
    assert process.communicate(timeout=PATIENCE) == ("", "")
    assert told(process.returncode) == 128 + number
    assert not any(tmp_path.iterdir())


# Disks that refuse


@pytest.fixture
def generated(run, tmp_path) -> dict[str, bytes]:
    """What `generate net.yaml -o out` wrote, before the spec was changed."""
    (tmp_path / "net.yaml").write_text(SPEC)
    assert run("generate", "net.yaml", "-o", "out").returncode == 0
    (tmp_path / "net.yaml").write_text(SPEC.replace("conv: 8", "conv: 16"))
    return files(tmp_path / "out")


def test_a_full_disk(run, tmp_path, generated):
    """No file may be longer than 100 bytes, which stands for a disk that is full."""
    done = run("generate", "net.yaml", "-o", "out", limits={"RLIMIT_FSIZE": 100})
    assert done.stderr == (
        "error[AS505]: cannot write out/torch/net.py: File too large\n"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert files(tmp_path / "out") == generated


def test_a_read_only_folder(run, tmp_path, generated):
    folder = tmp_path / "out" / "keras"
    folder.chmod(0o500)
    done = run("generate", "net.yaml", "-o", "out", "--target", "keras")
    folder.chmod(0o700)
    assert done.stderr == (
        "error[AS505]: cannot write out/keras/net.py: Permission denied\n"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert files(tmp_path / "out") == generated


def test_no_folder_can_be_made(run, tmp_path, generated):
    tmp_path.chmod(0o500)
    done = run("generate", "net.yaml", "-o", "new")
    tmp_path.chmod(0o700)
    assert done.stderr == "error[AS505]: cannot write new: Permission denied\n"
    assert (done.returncode, done.stdout) == (2, "")


def test_a_file_that_cannot_be_read(run, tmp_path, generated):
    """It may have been edited."""
    path = tmp_path / "out" / "torch" / "net.py"
    path.chmod(0)
    done = run("generate", "net.yaml", "-o", "out")
    path.chmod(0o600)
    assert done.stderr == (
        "error[AS505]: cannot write out/torch/net.py: Permission denied\n"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert files(tmp_path / "out") == generated


def test_a_read_only_file_of_our_own_is_replaced(run, tmp_path, generated):
    """It is the digest that keeps a file, not its permissions."""
    path = tmp_path / "out" / "torch" / "net.py"
    path.chmod(0o400)
    assert run("generate", "net.yaml", "-o", "out").returncode == 0
    assert path.read_bytes() != generated["torch/net.py"]


def test_a_spec_that_cannot_be_read(run, tmp_path):
    (tmp_path / "net.yaml").write_text(SPEC)
    (tmp_path / "net.yaml").chmod(0)
    done = run("flops", "net.yaml")
    assert done.stderr == "error[AS502]: cannot read net.yaml: Permission denied\n"
    assert (done.returncode, done.stdout) == (2, "")


def test_no_folder_for_temporaries(run, tmp_path):
    """`verify` and the conversion to Keras need one."""
    (tmp_path / "net.yaml").write_text(SPEC)
    tmp_path.chmod(0o500)
    folder = str(tmp_path)
    limits = {"RLIMIT_FSIZE": 0}
    done = run("verify", "net.yaml", "--targets", "onnx", limits=limits, TMPDIR=folder)
    tmp_path.chmod(0o700)
    assert done.returncode == 2
    assert done.stderr.startswith("error[AS505]: cannot read or write: No usable ")
    assert "Traceback" not in done.stderr


# Nobody reads, nobody writes


@pytest.mark.parametrize(
    "arguments",
    [
        ["flops", "mobilenetv2"],
        ["flops", "mobilenetv2", "--format", "json"],
        ["generate", "mobilenetv2", "-o", "-"],
        ["generate", "mobilenetv2", "-o", "out", "--diff"],
        ["blocks"],
        ["--version"],
        ["--help"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_stdout(tmp_path, monkeypatch, arguments, unbuffered):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with Path(FULL).open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "archspec", *arguments],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    message = "error[AS505]: cannot read or write: No space left on device"
    assert done.stderr.splitlines()[-1] == message
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("redirected", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>&1"])
@pytest.mark.parametrize("spec", ["net.yaml", "missing.yaml"])
def test_closed_streams(tmp_path, redirected, spec):
    """And of two streams that are one, nothing is lost."""
    (tmp_path / "net.yaml").write_text(SPEC)
    command = f'exec "$0" -m archspec generate {spec} -o out {redirected}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    right = spec == "net.yaml"
    assert done.returncode == (0 if right else 2)
    assert "Traceback" not in done.stdout + done.stderr
    found = {f"{target}/net.py" for target in TARGETS} if right else set()
    assert set(files(tmp_path / "out")) == found


@pytest.mark.parametrize("stream", ["stderr", "both"])
def test_a_message_that_nobody_can_read(tmp_path, stream):
    with Path(FULL).open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "archspec", "flops", "missing"],
            cwd=tmp_path,
            stdout=full if stream == "both" else subprocess.DEVNULL,
            stderr=full,
            check=False,
        )
    assert done.returncode == 2


def test_a_reader_of_only_the_first_line(tmp_path, monkeypatch):
    """Of much more than a pipe holds."""
    monkeypatch.setenv("PYTHONUNBUFFERED", "")  # or Python loses track
    rows = "".join(f"  layer{n}: {{conv: 8}}\n" for n in range(2_000))
    (tmp_path / "net.yaml").write_text(SPEC.replace(" {a: {conv: 8}}", "\n" + rows))
    process = subprocess.Popen(
        [sys.executable, "-m", "archspec", "flops", "net.yaml", "--format", "json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "{\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=PATIENCE) == 1
