"""A file that somebody has edited, or that is not ours, is not lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import files

SPEC = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}}
layers: {a: {conv: 8}}
"""
GENERATE = ("generate", "net.yaml", "-o", "out", "--target")


@pytest.fixture(params=["torch", "keras", "onnx"])
def target(request) -> str:
    if request.param == "onnx":
        pytest.importorskip("onnx")
    return request.param


@pytest.fixture
def module(forked, tmp_path: Path, target: str) -> Path:
    """A file that was just generated."""
    (tmp_path / "net.yaml").write_text(SPEC)
    assert forked(*GENERATE, target).returncode == 0
    suffix = "onnx" if target == "onnx" else "py"
    return tmp_path / "out" / target / f"net.{suffix}"


def changed(path: Path) -> bytes:
    """One byte, in the middle of the text or of the weights."""
    content = bytearray(path.read_bytes())
    middle = content.rindex(b"a")
    content[middle] = ord("b")
    path.write_bytes(content)
    return bytes(content)


def stamps(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def test_one_character(forked, tmp_path, module, target):
    edited, before = changed(module), stamps(tmp_path)
    done = forked(*GENERATE, target)
    name = module.relative_to(tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    first, *diff, last = done.stderr.splitlines()
    assert first == f"refused: {name} was edited, or not made by archspec"
    assert last == "nothing was written; --force overwrites, -o writes elsewhere"
    assert (module.read_bytes(), stamps(tmp_path)) == (edited, before)
    removed = [line for line in diff if line.startswith("-") and line[1:2] != "-"]
    added = [line for line in diff if line.startswith("+") and line[1:2] != "+"]
    assert len(removed) == len(added) == (target != "onnx")


def test_force(forked, module, target):
    whole = module.read_bytes()
    changed(module)
    done = forked(*GENERATE, target, "--force")
    assert done.returncode == 0
    assert module.read_bytes() == whole


@pytest.mark.parametrize("option", ["--check", "--diff"])
@pytest.mark.parametrize("state", ["same", "edited", "missing"])
def test_looking_changes_nothing(forked, tmp_path, module, target, option, state):
    if state == "edited":
        changed(module)
    elif state == "missing":
        module.unlink()
    before, held = stamps(tmp_path), files(tmp_path)
    done = forked(*GENERATE, target, option, "--force")
    assert done.returncode == (option == "--check" and state != "same")
    assert bool(done.stdout) == (option == "--diff" and state != "same")
    assert (stamps(tmp_path), files(tmp_path)) == (before, held)


def test_a_file_that_is_up_to_date_is_left_alone(forked, tmp_path, module, target):
    before = stamps(tmp_path)
    assert (
        forked(*GENERATE, target).stderr
        == f"unchanged {module.relative_to(tmp_path)}\n"
    )
    assert stamps(tmp_path) == before


@pytest.mark.parametrize("content", [b"", b"import torch\n", b"\xff\xfe\0", b"digest "])
def test_a_foreign_file(forked, module, target, content):
    module.write_bytes(content)
    assert forked(*GENERATE, target).returncode == 3
    assert module.read_bytes() == content


def test_a_file_that_was_generated_from_another_spec_is_replaced(
    forked, tmp_path, module, target
):
    before = module.read_bytes()
    (tmp_path / "net.yaml").write_text(SPEC.replace("conv: 8", "conv: 16"))
    assert forked(*GENERATE, target).returncode == 0
    assert module.read_bytes() != before


def test_line_ends_of_windows(forked, tmp_path, module, target):
    """A checkout makes them of a text; of a model they would be an edit."""
    module.write_bytes(module.read_bytes().replace(b"\n", b"\r\n"))
    done = forked(*GENERATE, target)
    assert done.returncode == (3 if target == "onnx" else 0)
