"""Shapes, names and what they can see."""

from __future__ import annotations

import pytest
from pieces import DEFAULTS, HEAD, widths

from archspec.errors import SpecError


def test_channels_are_those_of_the_current_tensor(network):
    found = network("""
    layers:
      a: {conv: channels * 2}
      b: {conv: channels + 1, repeat: 3}
      c: {conv: channels, from: a}
      used: {concat: {b: {from: b, x: {conv: channels}}, c: {}}}
      t: {columns: [c], rows: [[channels + 1], [channels * 2]], each: {conv: c}}
    """)
    assert widths(found) == {
        "a": 6,
        "b.0": 7,
        "b.1": 8,
        "b.2": 9,
        "c": 6,
        "x": 9,
        "used": 15,
        "t.0": 16,
        "t.1": 32,
    }


def test_in_channels_is_the_input_of_the_block(network):
    found = network("""
    blocks:
      b:
        layers: {a: {conv: channels + 1}, c: {conv: "10 * in_channels + channels"}}
    layers: {b: b}
    """)
    assert widths(found) == {"b.a": 4, "b.c": 34}


@pytest.mark.parametrize(
    ("text", "hinted"),
    [
        ("layers: {a: {conv: in_channels}}", True),
        ("define: {c: in_channels}\nlayers: {a: {conv: c}}", False),
    ],
)
def test_outside_blocks_in_channels_is_refused(network, text, hinted):
    with pytest.raises(SpecError) as caught:
        network(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "unknown name 'in_channels'"
    hint = "outside blocks the current tensor's channels are 'channels'"
    assert (diagnostic.help == hint) is hinted


@pytest.mark.parametrize("name", ["classes", "channels", "step", "row"])
@pytest.mark.parametrize(
    "text",
    [
        "define: {x: NAME}\nlayers: {a: {conv: x}}",
        "defaults: {conv: {kernel: NAME}}\nlayers: {a: {conv: 1}}",
        "define: {f(c): c + NAME}\nlayers: {a: {conv: f(1)}}",
        "input: {channels: NAME, size: 8}\nlayers: {a: {conv: 1}}",
        "multipliers: {m: NAME}\nlayers: {a: {conv: 1}}",
    ],
)
def test_what_definitions_cannot_see(fault, text, name):
    head = HEAD if text.startswith("defaults") else HEAD + DEFAULTS
    if text.startswith("input"):
        head = "archspec: 1\nname: Net\nclasses: 10\n" + DEFAULTS
    message, _ = fault(text.replace("NAME", name), head)
    assert message == f"unknown name '{name}'"


def test_definitions_stand_in_any_order(network):
    found = network("""
    define: {a: twice(b), twice(x): x * two, b: two + 1, two: 2}
    layers: {x: {conv: a}}
    """)
    assert widths(found) == {"x": 6}


@pytest.mark.parametrize(
    ("define", "circle"),
    [
        ("{a: a}", "a -> a"),
        ("{a: b, b: c, c: a}", None),
        ("{f(x): f(x)}", "f -> f"),
        ("{f(x): g(x), g(x): c, c: f(1)}", None),
    ],
)
def test_circles_of_definitions(fault, define, circle):
    message, _ = fault(f"define: {define}\nlayers: {{x: {{conv: 1}}}}")
    assert message.startswith("cyclic definitions: ")
    assert circle is None or message.endswith(circle)


def test_a_parameter_is_no_use_of_a_definition(fault):
    message, _ = fault("define: {x: f(1), f(x): x}\nlayers: {a: {conv: x}}")
    assert message == "'x' shadows the 'x' of line 6"


def test_words_are_values(network):
    found = network("""
    define: {RE: relu, HS: hard_swish}
    layers:
      t: {columns: [NL], rows: [[RE], [HS], [tanh]], each: {activation: NL}}
      a: {activation: relu if classes > 10 else sigmoid}
    """)
    kinds = [layer.primitive.kind for layer in found.layers]
    assert kinds == ["relu", "hard_swish", "tanh", "sigmoid"]


@pytest.mark.parametrize(
    "layers",
    [
        "a: {inverted_residual: {filters: 8, se: 0.25}}",
        "t: {columns: [s], rows: [[0.25]], "
        "each: {inverted_residual: {filters: 8, se: s}}}",
    ],
)
def test_messages_name_the_attribute_that_was_written(network, layers):
    """It is the argument `hidden` of a block within the block."""
    with pytest.raises(SpecError) as caught:
        network(f"layers: {{{layers}}}")
    messages = [fault.message for fault in caught.value.diagnostics]
    assert "inverted_residual: 'se' must be a whole number, but is 0.25" in messages
    assert not any("'hidden'" in message for message in messages)
