"""`archspec generate --target onnx`: which files, with which weights, and whose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_session import single
from typer.testing import CliRunner

from archspec.cli import program
from archspec.elaboration import elaborate
from archspec.targets.digest import is_unedited
from archspec.targets.onnx import file, model
from archspec.weights.canonical import write
from archspec.weights.initial import fresh

SPEC = """
archspec: 1
name: Small
input: {channels: 1, size: 4}
defaults: {conv: {padding: same, bias: false}, batch_norm: {epsilon: 1e-3, decay: 0.9}}
layers: {conv: {conv: 2}, norm: batch_norm}
variants: {wide: {layers: {conv: {conv: 8}}}}
"""
FILE = Path("generated/onnx/small.onnx")


@pytest.fixture
def run(tmp_path: Path, monkeypatch):
    """Run `archspec generate small.yaml ARGUMENT...` in a folder with that spec."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SPEC)
    runner = CliRunner()
    return lambda *rest: runner.invoke(program([]), ["generate", "small.yaml", *rest])


def read() -> onnx.ModelProto:
    made = onnx.load(FILE)
    onnx.checker.check_model(made, full_check=True)
    return made


def weights_of(path: Path) -> dict[str, np.ndarray]:
    tensors = onnx.load(path).graph.initializer
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in tensors}


def test_a_file_by_the_spec_s_name(run):
    done = run("--target", "onnx")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"wrote {FILE}\n"
    made = read()
    assert (made.producer_name, made.producer_version) == ("archspec", "")
    assert (made.ir_version, made.opset_import[0].version) == (9, 20)
    assert made.graph.name == "Small"
    facts = {entry.key: entry.value for entry in made.metadata_props}
    assert (facts["spec"], facts["variant"]) == ("small", "")
    digest = elaborate("small.yaml").spec.digest
    assert facts["digest"].startswith(f"{digest[:12]}-")
    assert run("--target", "onnx").stderr == f"unchanged {FILE}\n"


def test_a_variant_s_file(run):
    run("--target", "onnx", "--variant", "wide", "-o", "out")
    made = onnx.load("out/onnx/small_wide.onnx")
    facts = {entry.key: entry.value for entry in made.metadata_props}
    assert (facts["spec"], facts["variant"]) == ("small", "wide")


def test_it_is_no_default_target(run):
    assert run().exit_code == 0
    assert not FILE.exists()


def test_beside_source(run):
    done = run("--target", "onnx", "--target", "torch")
    paths = [str(FILE), "generated/torch/small.py"]
    assert done.stderr.splitlines() == [f"wrote {path}" for path in paths]


def test_weights_are_fresh_by_the_seed(run):
    run("--target", "onnx")
    first = FILE.read_bytes()
    network = elaborate("small.yaml")
    assert first == file(network, fresh(network, 0))
    assert run("--target", "onnx", "--seed", "0", "--check").exit_code == 0
    assert run("--target", "onnx", "--seed", "3").stderr == f"wrote {FILE}\n"
    assert FILE.read_bytes() == file(network, fresh(network, 3)) != first


def test_weights_of_a_file(run):
    network = elaborate("small.yaml")
    weights = single(network)
    write(Path("w.safetensors"), network, weights)
    assert run("--target", "onnx", "--weights", "w.safetensors").exit_code == 0
    scale = weights["norm.scale"] / np.sqrt(weights["norm.variance"] + 1e-3)
    expected = weights["conv.weight"] * scale.reshape(-1, 1, 1, 1)
    found = weights_of(FILE)
    assert np.allclose(found["conv.weight"], expected, rtol=1e-6)
    other = run("--target", "onnx", "--variant", "wide", "--weights", "w.safetensors")
    assert (other.exit_code, other.stdout) == (2, "")
    assert other.stderr.startswith("error[AS513]: ")
    assert not Path("generated/onnx/small_wide.onnx").exists()


def test_check_and_diff_write_nothing(run):
    run("--target", "onnx")
    before = FILE.read_bytes()
    done = run("--target", "onnx", "--seed", "1", "--check", "--diff")
    assert (done.exit_code, done.stderr) == (1, f"differs: {FILE}\n")
    assert done.stdout == f"{FILE} (found) differs from {FILE} (new)\n"
    assert FILE.read_bytes() == before
    assert run("--target", "onnx", "--check").exit_code == 0


def test_an_edited_file_is_refused_unless_forced(run):
    run("--target", "onnx")
    made = read()
    made.doc_string = "mine"
    onnx.save(made, FILE)
    edited = FILE.read_bytes()
    done = run("--target", "onnx")
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr == (
        f"refused: {FILE} was edited, or not made by archspec\n"
        f"{FILE} (found) differs from {FILE} (new)\n\n"
        "nothing was written; --force overwrites, -o writes elsewhere\n"
    )
    assert FILE.read_bytes() == edited
    assert run("--target", "onnx", "--force").exit_code == 0
    assert read().doc_string == ""


def test_a_file_of_another_program_is_refused(run):
    network = elaborate("small.yaml")
    FILE.parent.mkdir(parents=True)
    onnx.save(model(network, single(network)), FILE)
    assert run("--target", "onnx").exit_code == 3


def test_without_the_package(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    done = run("--target", "torch", "--target", "onnx")
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr == (
        "error: this needs onnx, which is not installed\n"
        "   help: pip install 'archspec-nn[onnx]'\n"
    )
    assert not Path("generated").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "onnx", "-o", "-"], "onnx is no text: -o needs a folder"),
        (["--seed", "1"], "--weights and --seed need --target onnx"),
        (
            ["--target", "torch", "--weights", "w"],
            "--weights and --seed need --target onnx",
        ),
        (
            ["--target", "onnx", "--weights", "w", "--seed", "1"],
            "--weights or --seed, not both",
        ),
        (
            ["--target", "jax"],
            "there is no target 'jax'; there are: torch, keras, onnx",
        ),
    ],
)
def test_bad_usage(run, arguments, message):
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"Invalid value: {message}" in done.stderr
    assert not Path("generated").exists()


def test_the_same_bytes_everywhere(run, tmp_path, monkeypatch):
    """Whatever the hash seed, folder and time zone, and no other framework loaded."""
    texts: set[bytes] = set()
    for number, zone in enumerate(("UTC", "Asia/Tokyo")):
        monkeypatch.setenv("PYTHONHASHSEED", str(number))
        monkeypatch.setenv("TZ", zone)
        command = [sys.executable, "-X", "importtime", "-m", "archspec", "generate"]
        options = ["small.yaml", "--target", "onnx", "-o", f"out{number}"]
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, check=True
        )
        loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "onnx.helper" in loaded
        packages = {name.partition(".")[0] for name in loaded}
        assert not {"torch", "keras", "tensorflow", "onnxruntime"} & packages
        texts.add(Path(f"out{number}/onnx/small.onnx").read_bytes())
    (content,) = texts
    assert is_unedited(content)
    for position in range(len(content)):
        other = bytes([content[position] ^ 1])
        edited = content[:position] + other + content[position + 1 :]
        assert not is_unedited(edited), position
