"""Wrong values that no network uses are errors of `archspec check`."""

from __future__ import annotations

import pytest

import archspec

START = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}, batch_norm: {epsilon: 1e-3, decay: 0.9}}
layers:
  first: {conv: 8}
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "  dead: {conv: {stride: 0}, when: false}",
            "conv: 'stride' must be at least 1, but is 0",
        ),
        (
            "  dead: {conv: {kernel: [0, channels]}, when: false}",
            "conv: 'kernel' must be at least 1, but is 0",
        ),
        (
            "  dead: {max_pool: ~, when: false, repeat: 2, then: {stride: 0}}",
            "max_pool: 'stride' must be at least 1, but is 0",
        ),
        (
            "  dead: {conv: 8, repeat: 0, when: false}",
            "'repeat' must be at least 1, but is 0",
        ),
        (
            "  dead: {conv_bn: relu, when: false}",
            "conv_bn: 'filters' must be a whole number, but is \"relu\"",
        ),
        (
            "blocks: {unused: {layers: {act: {activation: same}}}}",
            "activation: 'kind' must be 'relu', 'relu6', 'leaky_relu', 'hard_swish', "
            "'hard_sigmoid', 'sigmoid', 'swish', 'mish', 'gelu', 'gelu_tanh', 'tanh', "
            "'softmax' or 'identity', but is \"same\"",
        ),
    ],
)
def test_wrong_values_that_no_network_uses(tmp_path, text, message):
    path = tmp_path / "net.yaml"
    path.write_text(f"{START}{text}\n", "utf-8")
    (found,) = archspec.check(path)
    assert (found.code, found.severity, found.message) == ("AS302", "error", message)


@pytest.mark.parametrize(
    "given",
    [
        "kernel: [channels, 3]",
        "initializer: [normal, 1/3]",
        "filters: 8.0",
        "kernel: ~",
    ],
)
def test_what_only_elaboration_knows_is_left_to_it(tmp_path, given):
    path = tmp_path / "net.yaml"
    path.write_text(f"{START}  dead: {{conv: {{{given}}}, when: false}}\n", "utf-8")
    assert [found.severity for found in archspec.check(path)] == ["warning"]
