"""`archspec weights`, as a user runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("safetensors")

from safetensors.numpy import load_file, save_file

from archspec.cli.commands import program

SPEC = """
archspec: 1
name: Small
input: {channels: 2, size: 4}
defaults: {conv: {padding: same, bias: false}, batch_norm: {epsilon: 1, decay: 0.9}}
layers: {conv: {conv: {filters: 2}}, norm: batch_norm}
variants: {wide: {layers: {conv: {conv: {filters: 8}}}}}
"""


HEADS = """
archspec: 1
name: Heads
classes: 5
input: {channels: 2, size: 4}
defaults: {conv: {padding: same, bias: false}}
layers: {conv: {conv: 2}, pool: global_avg_pool, head: {dense: classes}}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch):
    """Run a command in a folder with a spec, within this process."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPEC)
    (tmp_path / "heads.yaml").write_text(HEADS)
    return lambda *arguments: CliRunner().invoke(program([]), ["weights", *arguments])


def test_init_and_inspect(run):
    done = run("init", "small.yaml", "--variant", "wide", "-o", "w.safetensors")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "wrote w.safetensors: 5 tensors, 48 numbers\n"
    lines = run("inspect", "w.safetensors").stdout.splitlines()
    assert lines[0] == "archspec: weights 1"
    assert lines[1].startswith("digest: ")
    assert lines[2:4] == ["spec: small", "variant: wide"]
    assert lines[4].startswith("conv.weight    float32 (8, 2, 1, 1)  -")
    assert lines[-2] == "norm.variance  float32 (8)  1 to 1"
    assert lines[-1] == "5 tensors, 48 numbers"


def test_a_name_that_would_steer_the_terminal(run):
    save_file(
        {"a\x1b[2J": np.zeros(2, np.float32)}, "w.safetensors", {"of": "x\ny\u202e"}
    )
    done = run("inspect", "w.safetensors")
    assert done.stdout == (
        "of: x\ufffdy\ufffd\n"
        "a\ufffd[2J  float32 (2)  0 to 0\n"
        "1 tensor, 2 numbers\n"
    )  # fmt: skip


def test_convert_through_torch(run):
    run("init", "small.yaml", "-o", "w.safetensors")
    assert run("convert", "w.safetensors", "small.yaml", "--to", "torch",
               "-o", "t.pth").exit_code == 0  # fmt: skip
    done = run("convert", "t.pth", "small.yaml", "--from", "torch", "-o",
               "back.safetensors")  # fmt: skip
    assert done.exit_code == 0
    assert Path("w.safetensors").read_bytes() == Path("back.safetensors").read_bytes()


def test_folding(run):
    run("init", "small.yaml", "-o", "w.safetensors")
    done = run("convert", "w.safetensors", "small.yaml", "--to", "torch",
               "--fold-batch-norm", "-o", "f.safetensors")  # fmt: skip
    assert done.stderr == "wrote f.safetensors: 2 tensors, 6 numbers\n"
    whole, light = load_file("w.safetensors"), load_file("f.safetensors")
    assert light.keys() == {"conv.weight", "conv.bias"}
    # Fresh statistics and an epsilon of 1: a variance of 2.
    assert np.allclose(light["conv.weight"], whole["conv.weight"] / 2**0.5)


@pytest.mark.parametrize(("target", "name"), [("torch", "f.pth"), ("onnx", "f.onnx")])
def test_what_cannot_be_folded(run, target, name):
    run("init", "small.yaml", "-o", "w.safetensors")
    tensors = load_file("w.safetensors")
    tensors["norm.variance"][1] = -2
    save_file(tensors, "w.safetensors", {"archspec": "weights 1"})
    done = run("convert", "w.safetensors", "small.yaml", "--to", target,
               "--fold-batch-norm", "-o", name)  # fmt: skip
    assert done.exit_code == 2
    last = done.stderr.splitlines()[-1]
    assert last == "error[AS515]: norm.variance is not above -epsilon"
    assert not Path(name).exists()


def test_another_network_is_noted(run):
    run("init", "small.yaml", "-o", "w.safetensors", "--set", "input.size=8")
    done = run("convert", "w.safetensors", "small.yaml", "--to", "torch", "-o", "t.pt")
    assert done.exit_code == 0
    first = done.stderr.splitlines()[0]
    assert first == "note: these weights were made for small with other settings"


def test_weights_of_a_variant_do_not_fit(run):
    run("init", "small.yaml", "--variant", "wide", "-o", "w.safetensors")
    done = run("convert", "w.safetensors", "small.yaml", "--to", "torch", "-o", "t.pt")
    assert done.exit_code == 2
    note, first = done.stderr.splitlines()[:2]
    assert note == "note: these weights were made for small wide"
    assert first == (
        "error[AS513]: 'conv.weight' is (8, 2, 1, 1), "
        "but the network expects (2, 2, 1, 1)"
    )
    assert not Path("t.pt").exists()


def test_an_existing_file_is_refused(run):
    run("init", "small.yaml", "-o", "w.safetensors")
    done = run("init", "small.yaml", "-o", "w.safetensors")
    assert done.exit_code == 3
    expected = "refused: w.safetensors exists; --force overwrites it\n"
    assert done.stderr == expected
    assert run("init", "small.yaml", "-o", "w.safetensors", "--force").exit_code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give --to, --from or both"),
        (["--from", "torch", "--fold-batch-norm"], "--fold-batch-norm needs --to"),
    ],
)
def test_convert_needs_to_know_what(run, options, message):
    done = run("convert", "w.safetensors", "small.yaml", *options, "-o", "t.pt")
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_missing_file(run):
    done = run("inspect", "nothing.safetensors")
    assert done.exit_code == 2
    assert done.stderr == (
        "error[AS511]: cannot read nothing.safetensors: No such file or directory\n"
    )


@pytest.mark.full
def test_the_commands_of_the_page_run(archspec, root, tmp_path):
    """In their order, each on what the ones before it have written."""
    text = (root / "docs" / "weights.md").read_text("utf-8")
    fences = re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    commands = [line.split()[1:] for fence in fences for line in fence.splitlines()]
    assert len(commands) == 8
    for command in commands:
        done = archspec(*command)
        assert done.returncode == 0, done.stderr
        if command[1] == "inspect":
            printed = done.stdout.splitlines()
    (shown,) = re.findall(r"^```text\n(archspec: .*?)^```$", text, re.M | re.S)
    assert [line for line in shown.splitlines() if line not in printed] == ["..."]
    first, last = (
        load_file(tmp_path / f"{n}.safetensors") for n in ("fresh", "trained")
    )
    assert first.keys() == last.keys()
    assert all(np.array_equal(first[name], last[name]) for name in first)


def test_a_forgotten_from(run):
    run("init", "small.yaml", "-o", "w.safetensors")
    run("convert", "w.safetensors", "small.yaml", "--to", "torch", "-o", "t.pth")
    done = run("convert", "t.pth", "small.yaml", "--to", "onnx", "-o", "t.onnx")
    assert done.exit_code == 2
    assert done.stderr == (
        "error[AS511]: t.pth is not a file of canonical weights\n"
        "   help: if the generated module saved it: --from torch\n"
    )


@pytest.mark.parametrize("source", [["--from", "torch"], []])
def test_foreign_names_are_adopted(run, source):
    """One error, and not one for each tensor."""
    run("init", "small.yaml", "-o", "w.safetensors")
    run("convert", "w.safetensors", "small.yaml", "--to", "torch", "-o",
        "t.safetensors")  # fmt: skip
    state = load_file("t.safetensors")
    save_file({f"body.{k[0]}{k[4:]}": v for k, v in state.items()}, "f.safetensors")
    done = run("convert", "f.safetensors", "small.yaml", *source, "--to", "onnx",
               "-o", "t.onnx")  # fmt: skip
    assert done.exit_code == 2
    error, help = done.stderr.splitlines()
    assert error == (
        "error[AS512]: f.safetensors was not saved by the generated module: "
        "it has 'body.c'"
        if source
        else "error[AS511]: f.safetensors is not a file of canonical weights"
    )
    assert help == (
        "   help: for a checkpoint of another implementation: "
        "archspec weights adopt f.safetensors small.yaml"
    )


def test_another_number_of_classes(run):
    """Weights say it, whatever file they are in, and the target's file has as many."""
    run("init", "heads.yaml", "--set", "classes=3", "-o", "w.safetensors")
    convert = ("convert", "w.safetensors", "heads.yaml", "--to", "torch")
    done = run(*convert, "-o", "t.safetensors")
    note = "note: the file has 3 classes; using --set classes=3\n"
    assert done.stderr == note + "wrote t.safetensors: 3 tensors, 13 numbers\n"
    assert load_file("t.safetensors")["head.weight"].shape == (3, 2)
    done = run("convert", "t.safetensors", "heads.yaml", "--from", "torch", "-o",
               "b.safetensors")  # fmt: skip
    assert done.stderr == note + "wrote b.safetensors: 3 tensors, 13 numbers\n"
    assert Path("w.safetensors").read_bytes() == Path("b.safetensors").read_bytes()
    done = run("adopt", "t.safetensors", "heads.yaml")
    assert done.stderr.startswith(note)


def test_variants_that_fit_are_proposed(run):
    run("init", "small.yaml", "--variant", "wide", "-o", "w.safetensors")
    run("convert", "w.safetensors", "small.yaml", "--variant", "wide", "--to", "torch",
        "-o", "t.safetensors")  # fmt: skip
    done = run("adopt", "t.safetensors", "small.yaml")
    last = done.stderr.splitlines()[-1]
    assert last == "   help: the file fits the spec with --variant wide"
    run("init", "heads.yaml", "-o", "h.safetensors")
    run("convert", "h.safetensors", "heads.yaml", "--to", "torch", "-o", "h.pth")
    run("convert", "h.safetensors", "heads.yaml", "--to", "torch", "-o",
        "h.safetensors", "--force")  # fmt: skip
    state = load_file("h.safetensors")
    save_file({"conv.weight": state["conv.weight"]}, "b.safetensors")
    done = run("adopt", "b.safetensors", "heads.yaml")
    last = done.stderr.splitlines()[-1]
    assert last == "   help: the file fits the spec with --set layers.head=~"


def test_json(run):
    run("init", "small.yaml", "-o", "w.safetensors")
    run("convert", "w.safetensors", "small.yaml", "--to", "torch", "-o",
        "t.safetensors")  # fmt: skip
    found = json.loads(run("inspect", "t.safetensors", "--format", "json").stdout)
    assert found["metadata"] == {"format": "pt"}
    assert found["tensors"][1] == {
        "name": "norm.bias", "dtype": "float32", "shape": [2], "min": 0.0, "max": 0.0,
        "not_finite": 0,
    }  # fmt: skip
    done = run("adopt", "t.safetensors", "small.yaml", "--format", "json")
    found = json.loads(done.stdout)
    assert found["layers"][1] == {"layer": "norm", "name": "norm", "shape": [2]}
    assert found["notes"][0].startswith("the file does not state strides")
    assert (found["spec"], found["tensors"], found["numbers"]) == ("small", 5, 12)


def test_adopt_passes_over_what_it_is_told(run):
    run("init", "small.yaml", "-o", "w.safetensors")
    run("convert", "w.safetensors", "small.yaml", "--to", "torch", "-o",
        "t.safetensors")  # fmt: skip
    other = {"aux.weight": np.ones((3, 2), np.float32)}
    save_file(load_file("t.safetensors") | other, "t.safetensors")
    adopt = ("adopt", "t.safetensors", "small.yaml", "-o", "a.safetensors")
    assert run(*adopt).stderr.splitlines() == [
        "error[AS512]: unexpected in the file: 'aux' (3, 2)",
        "   help: the file has every layer of the network; "
        "--ignore PATTERN leaves out the rest",
    ]
    done = run(*adopt, "--ignore", "a*", "--ignore", "b*")
    assert done.exit_code == 2
    assert done.stderr == (
        "error[AS516]: no tensor name matches 'b*'\n"
        "   help: whole names are compared: 'aux*', '*.bias'\n"
    )
    assert run(*adopt, "--ignore", "a*").exit_code == 0
    assert Path("w.safetensors").read_bytes() == Path("a.safetensors").read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ("adopt", "small.yaml", "net.pth"),
        ("convert", "mobilenetv2", "net.pth", "--to", "torch", "-o", "out.pth"),
    ],
)
def test_a_file_after_the_spec(run, arguments):
    Path("net.pth").touch()
    done = run(*arguments)
    assert done.exit_code == 2
    assert f"FILE comes before SPEC: net.pth {arguments[1]}" in done.stderr
