"""Paths, shapes, scopes and limits of networks (rules 5 to 9, 11, 15 to 17)."""

from __future__ import annotations

import textwrap
import time

import pytest

from archspec.elaboration import elaborate, with_classes
from archspec.errors import SpecError

HEAD = """\
archspec: 1
name: Net
input: {channels: 3, size: [8, 6]}
classes: 10
"""
DEFAULTS = "defaults: {conv: {padding: same, bias: false}, activation: relu}\n"


@pytest.fixture
def network(tmp_path):
    def network(text: str, head: str = HEAD + DEFAULTS):
        path = tmp_path / "spec.yaml"
        path.write_text(head + textwrap.dedent(text))
        return elaborate(path)

    return network


@pytest.fixture
def fault(network):
    """The only diagnostic of a text: its message and the path in words."""

    def fault(text: str, head: str = HEAD + DEFAULTS):
        with pytest.raises(SpecError) as caught:
            network(text, head)
        (diagnostic,) = caught.value.diagnostics
        return diagnostic.message, diagnostic.path

    return fault


def widths(found):
    return {layer.path: layer.output[0] for layer in found.layers}


def paths(found):
    return [layer.path for layer in found.layers]


# Paths


def test_paths_are_the_names_joined_by_dots(network):
    found = network("""
    blocks:
      inner: {residual: true, layers: {a: conv}}
      outer: {layers: {one: inner, sum: {add: {left: {}, right: {b: conv}}}}}
    layers:
      alone: conv
      again: {conv: channels, repeat: 1}
      block: outer
      numbered: {columns: [c], rows: [[3], [3]], each: {conv: c}}
      named: {columns: [c], rows: {x: [3], y: [3]}, each: {outer: ~}, repeat: 1}
    """)
    assert paths(found) == [
        "alone",
        "again.0",
        "block.one.a",
        "block.one.residual",
        "block.b",
        "block.sum",
        "numbered.0",
        "numbered.1",
        "named.x.0.one.a",
        "named.x.0.one.residual",
        "named.x.0.b",
        "named.x.0.sum",
        "named.y.0.one.a",
        "named.y.0.one.residual",
        "named.y.0.b",
        "named.y.0.sum",
    ]


def test_under_a_repeated_branch_the_number_stands_behind_each_name(network):
    found = network("""
    blocks: {b: {layers: {a: conv}}}
    layers:
      stem:
        add:
          conv: {repeat: 2, conv: b, again: {conv: 3, repeat: 2}}
          skip: {}
    """)
    assert paths(found) == [
        "conv.0.a",
        "again.0.0",
        "again.0.1",
        "conv.1.a",
        "again.1.0",
        "again.1.1",
        "stem",
    ]


def test_a_table_in_a_repeated_branch(network):
    found = network("""
    layers:
      sum:
        add:
          side:
            repeat: 2
            t: {columns: [c], rows: {x: [4], y: [3]}, each: {conv: c}}
    """)
    assert paths(found) == ["t.0.x", "t.0.y", "t.1.x", "t.1.y", "sum"]


def test_steps_have_their_paths(network):
    found = network("""
    layers:
      t: {columns: [c], rows: {x: [4]}, each: {conv: c}, repeat: 2}
      sum: {add: {left: {}, right: {a: conv}}}
    """)
    steps = found.root.steps
    assert [step.path for step in steps["t"]] == ["t.x.0", "t.x.1"]
    assert [step.path for step in steps["sum"]] == ["sum"]
    assert [(s.row, s.number) for s in steps["t"]] == [("x", 0), ("x", 1)]


# Shapes and scopes


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
    assert message.startswith("a circle of definitions: ")
    assert circle is None or message.endswith(circle)


def test_a_parameter_is_no_use_of_a_definition(fault):
    message, _ = fault("define: {x: f(1), f(x): x}\nlayers: {a: {conv: x}}")
    assert message == "'x' shadows a name of the spec or block"


def test_words_are_values(network):
    found = network("""
    define: {RE: relu, HS: hard_swish}
    layers:
      t: {columns: [NL], rows: [[RE], [HS], [tanh]], each: {activation: NL}}
      a: {activation: relu if classes > 10 else sigmoid}
    """)
    kinds = [layer.primitive.kind for layer in found.layers]
    assert kinds == ["relu", "hard_swish", "tanh", "sigmoid"]


# Tables


def test_then_holds_from_the_second_repeat_on(network):
    found = network("""
    layers:
      t:
        columns: [c, n]
        rows: [[4, 1], [5, 3]]
        each: {conv: {filters: c, stride: 2}}
        repeat: n
        then: {stride: 1}
    """)
    assert [layer.output for layer in found.layers] == [
        (4, 4, 3),
        (5, 2, 2),
        (5, 2, 2),
        (5, 2, 2),
    ]


def test_row_step_index_and_count(network):
    found = network("""
    layers:
      t:
        columns: [n]
        rows: {x: [1], y: [2], z: [1]}
        each: {conv: "1000 + 100 * row + 10 * step + index"}
        repeat: n
      u: {columns: [c], rows: [[1], [2]], each: {conv: "10 * count + index"}}
    """)
    assert list(widths(found).values()) == [1000, 1101, 1112, 1203, 20, 21]


def test_a_column_of_ops(network):
    found = network("""
    layers:
      t:
        columns: [op, c, s]
        rows: [[conv, 4, 2], [dense, 5, ~], [b, 6, 2]]
        each: {conv: {filters: c, stride: s}, dense: c, b: {f: c}}
        repeat: 2
        then: {stride: 1}
    blocks: {b: {arguments: {f: int}, layers: {a: {conv: f}}}}
    """)
    assert [(layer.op, layer.output[0]) for layer in found.layers] == [
        ("conv", 4),
        ("conv", 4),
        ("dense", 5),
        ("dense", 5),
        ("conv", 6),
        ("conv", 6),
    ]
    assert found.output_shape == (6, 4, 3)


def test_a_cell_may_be_not_given(network, fault):
    text = """
    layers:
      t:
        columns: [k, c]
        rows: [[~, 4], [3, 5]]
        each: {conv: {filters: c, kernel: k}}
    """
    found = network(text)
    kernels = [layer.weights["weight"].shape[2] for layer in found.layers]
    assert kernels == [1, 3]
    said = [step.given for step in found.root.steps["t"]]
    assert said == [{"filters"}, {"filters", "kernel"}]
    assert fault(text.replace("kernel: k", "kernel: k * 1")) == (
        "'k' is not given here",
        "layers.t row 0",
    )


def test_a_null_argument_is_as_defaults_say(network):
    found = network("""
    blocks: {b: {arguments: {kind: ~}, layers: {a: {activation: kind}}}}
    layers: {a: b, c: {b: tanh}}
    """)
    assert [layer.primitive.kind for layer in found.layers] == ["relu", "tanh"]


# Modifiers


@pytest.mark.parametrize(
    "text",
    [
        "layers: {a: {conv: step}}",
        "layers: {a: {conv: 1, when: step > 0}}",
        "layers: {a: {conv: 1, when: step > 0, repeat: 2}}",
        "layers: {a: {conv: 1, repeat: step}}",
        "layers: {t: {columns: [c], rows: [[1]], each: {conv: step}}}",
        "layers: {s: {add: {l: {a: {conv: step}}}}}",
    ],
)
def test_step_is_unknown_where_nothing_repeats(fault, text):
    assert fault(text)[0] == "unknown name 'step'"


def test_step_counts_the_innermost_repeat(network):
    found = network("""
    layers:
      s:
        concat:
          l:
            repeat: 2
            a: {conv: 10 + step}
            b: {conv: 20 + step, repeat: 2}
            t: {columns: [c], rows: [[1]], each: {conv: 30 + step}}
      r: {add: {l: {c: {conv: 40 + step}}}, repeat: 2}
    """)
    assert widths(found) == {
        "a.0": 10,
        "b.0.0": 20,
        "b.0.1": 21,
        "t.0.0": 30,
        "a.1": 11,
        "b.1.0": 20,
        "b.1.1": 21,
        "t.1.0": 31,
        "s": 61,
        "c.0": 40,
        "r.0": 40,
        "c.1": 41,
        "r.1": 41,
    }


def test_when_passes_over_a_layer_but_takes_a_branch_away(network, fault):
    found = network("""
    layers:
      a: {conv: 4, when: false}
      b: {conv: 5, when: classes == 10}
      s: {concat: {l: {}, r: {when: false}, m: {c: {conv: 3, when: false}}}}
    """)
    assert widths(found) == {"b": 5, "s": 10}
    assert fault("layers: {s: {add: {l: {when: false}}}}") == (
        "no branch of 's' is there",
        "layers.s",
    )


# Attributes


@pytest.mark.parametrize(
    ("layer", "missing"),
    [("{conv: 1}", "padding"), ("{conv: {padding: same}}", "bias")],
)
def test_an_attribute_that_nobody_says(fault, layer, missing):
    message, _ = fault(f"layers: {{a: {layer}}}", HEAD)
    assert message == f"conv needs '{missing}'"


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


def test_a_wrong_default_is_marked_where_it_stands(network):
    with pytest.raises(SpecError) as caught:
        network("layers: {a: {conv: 1}}", HEAD + "defaults: {conv: {stride: relu}}\n")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "conv needs 'padding'"
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
        "conv: 'filters' must be a whole number, but is 87.5: "
        "write round, floor, ceil or int"
    )


def test_shape_errors_say_where(fault):
    text = """
    blocks: {b: {layers: {a: {max_pool: 9}}}}
    layers: {t: {columns: [n], rows: {x: [2]}, each: {b: ~}, repeat: n}}
    """
    message, path = fault(text)
    assert message.startswith("a 9x9 window does not fit the 8x6 map")
    assert path == "layers.t row x repeat 0, block b, layer a"


# Limits


@pytest.mark.parametrize(
    ("repeat", "message"),
    [
        ("0", "'repeat' is a whole number of at least 1, but is 0"),
        ("-1", "'repeat' is a whole number of at least 1, but is -1"),
        ("1.5", "'repeat' is a whole number of at least 1, but is 1.5"),
        ("true", "'repeat' is a whole number of at least 1, but is True"),
        ("1e9", "'repeat' is at most 1000, but is 1000000000"),
        ("1001", "'repeat' is at most 1000, but is 1001"),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "{a: {conv: 1, repeat: N}}",
        "{a: {add: {l: {repeat: N, b: conv}}}}",
        "{a: {columns: [c], rows: [[1]], each: {conv: c}, repeat: N}}",
    ],
)
def test_repeat_is_bounded(fault, text, repeat, message):
    assert fault(f"layers: {text.replace('N', repeat)}") == (
        message,
        "layers.a branch l" if "branch" in text else "layers.a",
    )


BOMBS = {
    "blocks of nothing": """
    blocks:
      a: {layers: {x: {b: ~, repeat: 1000}}}
      b: {layers: {x: {c: ~, repeat: 1000}}}
      c: {layers: {x: {identity: ~, when: false}}}
    layers: {a: {a: ~, repeat: 1000}}
    """,
    "layers": """
    blocks: {a: {layers: {x: {identity: ~, repeat: 1000}}}}
    layers: {a: {a: ~, repeat: 1000}}
    """,
    "branches": """
    layers: {a: {add: {l: {repeat: 1000, b: {add: {x: {repeat: 1000}}}}}}}
    """,
    "doubling functions": "define:\n"
    + "  f0(x): x + x\n"
    + "".join(f"  f{n}(x): f{n - 1}(x) + f{n - 1}(x)\n" for n in range(1, 60))
    + "layers: {a: {conv: f59(1)}}",
    "nested calls": f"define: {{f(x): x + x + x}}\nlayers: {{a: {{conv: "
    f"{'f(' * 30}1{')' * 30}}}}}",
    "a long chain of functions": "define:\n  f0(x): x\n"
    + "".join(f"  f{n}(x): 1 + -f{n - 1}(x)\n" for n in range(1, 99))
    + "layers: {a: {conv: f98(1)}}",
    "a chain of blocks": "blocks:\n"
    + "".join(f"  b{n}: {{layers: {{x: b{n + 1}}}}}\n" for n in range(500))
    + "  b500: {layers: {x: identity}}\nlayers: {a: b0}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_bombs_end(network, text):
    start = time.process_time()
    with pytest.raises(SpecError, match=r"more than|deeper than"):
        network(text)
    assert time.process_time() - start < 5


# Other numbers of classes


def test_with_classes(network):
    found = network("layers: {p: global_avg_pool, a: {dense: classes}}")
    assert found.output_shape == (10,)
    assert with_classes(found, 7).output_shape == (7,)


def test_the_package_s_function_is_not_lost_behind_the_module():
    import archspec

    assert archspec.elaborate("mobilenetv2").name == "MobileNetV2"
