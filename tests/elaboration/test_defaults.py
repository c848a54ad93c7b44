"""Attributes, their defaults and their faults."""

from __future__ import annotations

import pytest
from pieces import HEAD

from archspec.errors import SpecError


@pytest.mark.parametrize(
    ("layer", "missing"),
    [("{conv: 1}", "'padding' and 'bias'"), ("{conv: {padding: same}}", "'bias'")],
)
def test_an_attribute_that_nobody_says(fault, layer, missing):
    message, _ = fault(f"layers: {{a: {layer}}}", HEAD)
    assert message == f"conv needs {missing}"


def test_defaults_hold_in_blocks_and_for_blocks(network):
    head = (
        HEAD
        + """\
define: {three: 3}
defaults:
  conv: {padding: valid, bias: true, kernel: three}
  depthwise_conv: {bias: false}
  squeeze_excite: {gate: hard_sigmoid}
"""
    )
    found = network(
        """
    layers:
      a: {conv: {filters: 4, bias: false}}
      b: {depthwise_conv: {kernel: 1}}
      c: {squeeze_excite: 2}
    """,
        head.replace("kernel: three", "initializer: [normal, 0.1]"),
    )
    byname = {layer.path: layer.primitive for layer in found.layers}
    assert byname["a"].bias is False
    assert byname["b"].padding == "valid"
    assert byname["b"].bias is False
    assert byname["b"].initializer == ("normal", 0.1)
    assert byname["c.reduce"].bias is True
    assert byname["c.gate"].kind == "hard_sigmoid"


def test_defaults_of_a_standard_block_that_is_not_there(network, fault):
    """A variant may have taken it away."""
    head = HEAD + "defaults: {squeeze_excite: {gate: hard_sigmoid}}\n"
    found = network("layers: {a: {activation: relu}}", head)
    assert [layer.op for layer in found.layers] == ["activation"]
    message, _ = fault("layers: {a: identity}", head.replace("gate", "gates"))
    assert message == "unknown attribute 'gates' of squeeze_excite"


def test_a_wrong_default_is_marked_where_it_stands(network):
    with pytest.raises(SpecError) as caught:
        network("layers: {a: {conv: 1}}", HEAD + "defaults: {conv: {stride: relu}}\n")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "conv needs 'padding' and 'bias'"
    with pytest.raises(SpecError) as caught:
        network(
            "layers: {a: {conv: 1}}",
            HEAD + "defaults: {conv: {padding: same, bias: false, stride: relu}}\n",
        )
    (diagnostic,) = caught.value.diagnostics
    assert (
        diagnostic.message == "conv: 'stride' must be a whole number, but is \"relu\""
    )
    assert diagnostic.place.column == 55


@pytest.mark.parametrize(
    "initializer",
    [
        "[normal, fan_in, 2]",
        "[truncated_normal, fan_out, 1/3]",
        "[uniform, fan_avg, 1]",
        "[normal, 0.01]",
        "[truncated_normal, 0.09 * 0.87962566]",
    ],
)
def test_initialisers(network, initializer):
    found = network(
        f"layers: {{a: {{dense: {{units: 2, initializer: {initializer}}}}}}}"
    )
    assert found.layers[0].primitive.initializer[0] == initializer[1:].partition(",")[0]


@pytest.mark.parametrize(
    "initializer",
    ["[normal]", "[fan_in, 2]", "normal", "[relu, 1]"],
)
def test_refused_initialisers(fault, initializer):
    text = f"layers: {{a: {{dense: {{units: 2, initializer: {initializer}}}}}}}"
    assert fault(text)[0].startswith("dense: 'initializer' must be [normal, ")


@pytest.mark.parametrize("written", ["88.0", "80.5 + 7.5", "88"])
def test_whole_floats_are_whole_numbers(network, written):
    found = network(f"layers: {{a: {{conv: {written}}}}}")
    (step,) = found.root.steps["a"]
    assert step.attributes["filters"] == 88
    assert type(step.attributes["filters"]) is int


def test_other_floats_are_refused_with_advice(fault):
    assert fault("layers: {a: {conv: 87.5}}")[0] == (
        "conv: 'filters' must be a whole number, but is 87.5"
    )


def test_shape_errors_say_where(fault):
    text = """
    blocks: {b: {layers: {a: {max_pool: 9}}}}
    layers: {t: {columns: [n], rows: {x: [2]}, each: {b: ~}, repeat: n}}
    """
    message, path = fault(text)
    assert message.startswith("a 9x9 window does not fit the 8x6 feature map")
    assert path == "layers.t row x repeat 0, block b, layer a"
