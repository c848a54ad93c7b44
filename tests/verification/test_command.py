"""`archspec verify`, as a user runs it."""

from __future__ import annotations

import copy
import json
import re
from contextlib import nullcontext
from pathlib import Path

import pytest
from typer.testing import CliRunner

import archspec.verification
from archspec import frameworks
from archspec.cli.commands import program
from archspec.targets import render

SPEC = str(Path(__file__).with_name("planted.yaml"))
COMPARISON = """
targets compared precision input_shape other_inputs tolerance max_abs_error
relative_error first_difference fault note not_judged ok
""".split()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(program([]), ["verify", *arguments])


@pytest.fixture
def altered(monkeypatch, verifier):
    """Lets Keras files have one text in place of another, in processes that wait."""

    def alter(right: str, wrong: str):
        def changed(network, target):
            text = render(network, target)
            return text.replace(right, wrong) if target == "keras" else text

        waiting = copy.copy(verifier)
        waiting.printer = changed
        monkeypatch.setattr(
            archspec.verification, "Verifier", lambda *_, **__: nullcontext(waiting)
        )

    return alter


def test_json(run):
    done = run(SPEC, "--targets", "keras,torch", "--seed", "5", "--format", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert list(report) == "name variant ok seed parameters surplus comparisons".split()
    assert report["parameters"] == {"keras": 11_605, "torch": 11_605}
    assert (report["name"], report["ok"], report["seed"]) == ("Planted", True, 5)
    for comparison in report["comparisons"]:
        assert sorted(comparison) == sorted(COMPARISON)
        assert comparison["ok"]
        assert 0 < comparison["relative_error"] <= comparison["tolerance"]
    pairs = [tuple(c["targets"]) for c in report["comparisons"]]
    assert pairs[:3] == [
        ("network", "keras"), ("network", "torch"), ("keras", "torch")
    ]  # fmt: skip


def test_a_difference(run, altered):
    altered('use_bias=False, name=f"{name}-conv"', 'name=f"{name}-conv"')
    done = run(SPEC, "--targets", "torch,keras", "--format", "json")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert report["parameters"]["keras"] == 11_669
    wrong = next(
        c for c in report["comparisons"] if c["targets"] == ["network", "keras"]
    )
    assert wrong["relative_error"] is None
    assert (
        wrong["fault"] == "keras has one weight too many: blocks-0-depthwise-conv/bias"
    )
    assert wrong["first_difference"]["layer"] == "blocks.0.depthwise.conv"
    assert wrong["first_difference"]["at_fault"] == ["keras"]


def test_a_difference_told(run, altered):
    altered('"relu6"', '"relu"')
    done = run(SPEC, "--targets", "torch,keras")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "planted: DIFFERENT"
    assert lines[1] == "  11,605 parameters in torch, keras"
    assert lines[2].startswith("  96x64  float64  outputs  within 1e-09  torch ")
    assert lines[2].count("DIFFERENT") == 2
    first = lines.index("  first difference: stem.act (activation), at fault: keras")
    assert [re.sub(r"\S*(?=specs/)|:[\d:]+$", "", line) for line in lines[first:]] == [
        "  first difference: stem.act (activation), at fault: keras",
        "    generated/keras/planted.py",
        "    generated/torch/planted.py",
        "    specs/blocks/convolution.yaml",
        "",
    ]


def test_code_that_fails(run, altered):
    altered("in_channels * 2", "in_channels * undefined")
    done = run(SPEC, "--targets", "torch,keras")
    assert done.exit_code == 1
    fault = "  keras: NameError: name 'undefined' is not defined"
    assert fault in done.stdout.splitlines()
    assert "11,605 parameters, but unknown in keras" in done.stdout


TARGETS = "torch, keras, keras:jax, keras:torch, nnx, onnx"
BOTH = "training compares two of torch, keras, nnx"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("--target", "caffe"),
            "AS601",
            f"there is no target 'caffe'\n   help: there are {TARGETS}",
        ),
        (
            ("--targets", "kears"),
            "AS601",
            "there is no target 'kears'\n"
            f"   help: did you mean 'keras'? there are {TARGETS}",
        ),
        (
            ("--targets", ""),
            "AS601",
            f"there is no target ''\n   help: there are {TARGETS}",
        ),
        (("--targets", "torch,onnx", "--train"), "AS601", BOTH),
        (("--variant", "nothing"), "AS209", "unknown variant 'nothing'"),
    ],
)
def test_bad_usage(run, arguments, code, message):
    done = run(SPEC, *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error[{code}]: {message}\n")


def test_a_missing_framework(run, monkeypatch):
    monkeypatch.setattr(frameworks, "find_spec", lambda name: name != "jax" or None)
    done = run(SPEC, "--targets", "keras:jax")
    assert done.exit_code == 4
    assert done.stderr == (
        "error: this needs jax, which is not installed\n"
        "   help: pip install 'archspec-nn[jax]'\n"
    )


def test_what_a_target_cannot_say(run, altered, tmp_path):
    altered("", "")
    (tmp_path / "net.yaml").write_text("""
archspec: 1
name: Net
input: {channels: 2, size: 64}
layers: {conv: {depthwise_conv: {stride: [1, 2], padding: same, bias: false}}}
""")
    done = run("net.yaml", "--targets", "torch,keras")
    assert done.exit_code == 2
    assert done.stderr.startswith("error[AS402]: not supported by the Keras target: ")
