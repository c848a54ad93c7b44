"""`archspec watch`, seen from outside: a process whose spec is saved repeatedly."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from watching import Watched

SPEC = """
archspec: 1
name: Small
input: {channels: 1, size: 4}
defaults: {conv: {padding: same, bias: false}}
layers: {conv: {conv: 2}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def watch(tmp_path: Path, spec: Path) -> Iterator:
    running: list[Watched] = []

    def start(*options: str) -> Watched:
        running.append(Watched(tmp_path, "small.yaml", *options))
        return running[-1]

    yield start
    for watched in running:
        watched.close()


def filters(spec: Path, number: int, text: str = "") -> None:
    """Save the spec with another number of filters."""
    spec.write_text(SPEC.replace("conv: 2", f"conv: {number}") + text)


def parameters(update: dict) -> tuple[int | None, int | None]:
    """Before and now."""
    before, now = update["before"], update["figures"]
    return before and before["parameters"], now and now["parameters"]


def test_saves_faults_and_files_that_come_and_go(watch, spec: Path, tmp_path: Path):
    watched = watch("--target", "torch", "--json")
    generated = tmp_path / "generated" / "torch" / "small.py"
    first = watched.next()
    assert first["files"] == {"generated/torch/small.py": "wrote"}
    assert (parameters(first), first["error"]) == ((None, 2), None)

    filters(spec, 4)
    assert parameters(watched.next()) == (2, 4)
    good = generated.read_text()
    assert "nn.Conv2d(1, 4, 1" in good

    filters(spec, 4, "layers: [")
    broken = watched.next()
    assert parameters(broken) == (4, None)
    assert broken["diagnostics"][0]["code"].startswith("AS1")
    assert generated.read_text() == good

    spec.unlink()
    assert watched.next()["error"].startswith("error[AS501]: 'small.yaml' was deleted")

    other = tmp_path / "other"  # as an editor saves: a new file takes the name
    filters(other, 8)
    other.rename(spec)
    assert parameters(watched.next()) == (4, 8)

    spec.write_text("extends: base.yaml\n")
    assert watched.next()["diagnostics"][0]["code"] == "AS503"
    base = tmp_path / "base.yaml"
    filters(base, 2)
    assert parameters(watched.next()) == (8, 2)
    filters(base, 4)
    assert parameters(watched.next()) == (2, 4)

    generated.write_text(generated.read_text() + "# mine\n")
    filters(base, 8)
    refused = watched.next()
    assert refused["error"].startswith("generated/torch/small.py was edited")
    assert generated.read_text().endswith("# mine\n")

    assert watched.stop() == 130
    assert watched.lines.empty()


def test_a_reader_sees_plain_text(watch, spec: Path):
    watched = watch("--target", "torch", "-o", "out")
    assert watched.until("Ctrl-C stops") == (
        "wrote out/torch/small.py\n"
        "\n"
        "                      now\n"
        "--------------------  ---\n"
        "parameters              2\n"
        "MACs                   32\n"
        "bytes of weights        8\n"
        "bytes of activations  192\n"
        "\n"
        "watching small.yaml; Ctrl-C stops\n"
    )
    filters(spec, 4)
    shown = watched.until("activations")
    assert shown.partition(" small.yaml\n")[2] == (
        "wrote out/torch/small.py\n"
        "\n"
        "                      before  now   change\n"
        "--------------------  ------  ---  -------\n"
        "parameters                 2    4  +100.0%\n"
        "MACs                      32   64  +100.0%\n"
        "bytes of weights           8   16  +100.0%\n"
        "bytes of activations     192  320   +66.7%\n"
    )
    spec.write_text(spec.read_text() + "# a comment\n")
    assert "\nunchanged out/torch/small.py\n\ntotals unchanged\n" in (
        watched.until("totals")
    )
    assert watched.stop() == 130


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-"], "SPEC must be a file, which can be saved"),
        (["net.yaml"], "error[AS501]: there is no spec 'net.yaml'"),
        (["small.yaml", "--target", "jax"], "did you mean 'nnx'?"),
        (["small.yaml", "--set", "classes=7"], "--set needs -o"),
    ],
)
@pytest.mark.full
def test_what_cannot_be_watched(archspec, spec: Path, arguments, message: str):
    done = archspec("watch", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.full
def test_a_watch_that_waits_uses_little_of_the_processor(watch):
    watched = watch("--target", "torch", "--json")
    watched.next()
    ticks = os.sysconf("SC_CLK_TCK")

    def seconds() -> float:
        fields = Path(f"/proc/{watched.process.pid}/stat").read_text().split()
        return (int(fields[13]) + int(fields[14])) / ticks

    before = seconds()
    with pytest.raises(subprocess.TimeoutExpired):
        watched.process.wait(timeout=5)
    assert seconds() - before < 0.1  # of 5
