"""Tables, `repeat`, `step` and `when`."""

from __future__ import annotations

import pytest
from pieces import widths

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


def test_a_row_without_a_number_of_repeats_is_run_once_under_its_name(network, fault):
    text = """
    layers:
      t:
        columns: [op, c, n]
        rows: {x: [conv, 4, 2], y: [conv, 5, ~], z: [dense, 6, 1]}
        each: {conv: c, dense: c}
        repeat: n
    """
    assert widths(network(text)) == {"t.x.0": 4, "t.x.1": 4, "t.y": 5, "t.z.0": 6}
    assert fault(text.replace("repeat: n", "repeat: n * 1")) == (
        "'n' has no value here",
        "layers.t",
    )


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
        "'k' has no value here",
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
        "'s' has no branches",
        "layers.s",
    )


def test_a_row_of_a_table_with_an_error_can_be_read(fault):
    assert fault("""
    layers:
      t: {columns: [c, n], rows: {a: [4, 0], b: [6, 1]}, each: {conv: c}, repeat: n}
      s: {add: {l: {}, r: {from: t.b}}}
    """) == ("'repeat' must be a whole number of at least 1, but is 0", "layers.t")
