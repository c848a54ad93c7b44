"""Networks with several inputs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from archspec.cli.commands import program
from archspec.elaboration import elaborate, with_input_size
from archspec.errors import SpecError
from archspec.verification.reference import evaluate

TEXT = """
archspec: 1
name: Net
inputs: {left: {channels: 3, size: 16}, right: {channels: wide, size: [8, 4]}}
multipliers: {wide: 1}
defaults: {conv: {padding: same, bias: false}}
layers:
  a: {conv: {filters: 2, kernel: 2, stride: [2, 4]}}
  b: {conv: {filters: 2, from: right}}
  both: {add: {a: {from: a}, b: {}}}
variants:
  wide: {multipliers: {wide: 4}}
  third:
    inputs: {more: {channels: 1, size: 8}}
    layers: {c: {conv: 1, from: more, after: b}}
  single: {inputs: {right: ~}, layers: {b: ~, both: ~}}
  plain: {inputs: ~, input: {channels: 3, size: 8}, layers: {b: ~, both: ~}}
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(TEXT.replace("{filters: 2, from: right}", "2, from: right"))
    return path


def test_the_first_layer_reads_the_first_input(path):
    network = elaborate(path)
    assert network.input_shape == {"left": (3, 16, 16), "right": (1, 8, 4)}
    assert network.inputs == network.input_shape
    assert [layer.sources for layer in network.layers] == [(-1,), (-2,), (0, 1)]
    images = np.ones((1, 3, 16, 16)), np.full((1, 1, 8, 4), 5.0)
    weights = {"a.weight": np.ones((2, 3, 2, 2)), "b.weight": np.ones((2, 1, 1, 1))}
    found = evaluate(network, weights, images)["both"]
    assert found.shape == (1, 2, 8, 4)
    assert found[0, 0, 0, 0] == 3 * 4 + 5


@pytest.mark.parametrize(
    ("variant", "shape"),
    [
        ("wide", {"left": (3, 16, 16), "right": (4, 8, 4)}),
        ("single", (3, 16, 16)),
        ("plain", (3, 8, 8)),
    ],
)
def test_variants_change_inputs(path, variant, shape):
    assert elaborate(path, [variant]).input_shape == shape


def test_an_input_is_used(path):
    with pytest.raises(SpecError, match="layer 'b' is never used"):
        elaborate(path, ["third"])
    with pytest.raises(SpecError, match="input 'more' is never used"):
        elaborate(path, overrides=["inputs.more={channels: 1, size: 4}"])


def test_sizes_change_together(path):
    larger = with_input_size(elaborate(path), (32, 48))
    assert larger.inputs == {"left": (3, 32, 48), "right": (1, 16, 12)}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "inputs: {",
            "input: {channels: 3, size: 8}\ninputs: {",
            "'input' or 'inputs'",
        ),
        ("from: right", "from: input", "there is no earlier layer 'input'"),
        ("  b: {", "  left: {", "the layer 'left' has the name of a tensor"),
        ("channels: wide", "channels: a", "unknown name 'a'"),
        ("channels: wide, ", "", "missing key 'channels'"),
        (
            "right: {channels: wide, size: [8, 4]}",
            "right: 3",
            "'right' must be a mapping",
        ),
        ("inputs: {", "notes: {", "missing key 'input'"),
    ],
)
def test_what_is_wrong_with_inputs(path, old, new, message):
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        elaborate(path)
    assert message in str(caught.value)


def test_flops_lists_inputs(path):
    run = CliRunner().invoke(program([]), ["flops", str(path)])
    assert "input left 3x16x16, right 1x8x4, output 2x8x4" in run.output
    run = CliRunner().invoke(program([]), ["flops", str(path), "--format", "json"])
    found = json.loads(run.output)
    assert found["input_shape"] == {"left": [3, 16, 16], "right": [1, 8, 4]}
