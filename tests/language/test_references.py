"""`from`, `like` and `outputs` (rule 10)."""

from __future__ import annotations

import pytest

TABLE = "t: {columns: [c], rows: {x: [4], y: [5]}, each: {conv: c}}"


def sources(network):
    return {layer.path: layer.sources for layer in network.layers}


def test_from_takes_another_tensor(network):
    found = network(f"""
    layers:
      {TABLE}
      a: {{conv: 6, from: t.x}}
      b: {{conv: 7, from: input}}
      sum: {{concat: {{t: {{from: t}}, a: {{from: a}}, b: {{}}, c: {{from: t.y}}}}}}
    """)
    assert sources(found) == {
        "t.x": (-1,),
        "t.y": (0,),
        "a": (0,),
        "b": (-1,),
        "sum": (1, 2, 3, 1),
    }


def test_inside_a_branch_the_layers_around_are_known(network):
    found = network("""
    layers:
      a: {conv: 4}
      b: {conv: 4}
      sum: {add: {left: {}, right: {c: {conv: 4, from: a}, d: {conv: 4, from: c}}}}
    """)
    assert sources(found)["c"] == (0,)


def test_input_is_that_of_the_block(network):
    found = network("""
    blocks: {b: {layers: {a: {conv: 3}, sum: {add: {left: {}, right: {from: input}}}}}}
    layers: {stem: {conv: 3}, b: b}
    """)
    assert sources(found)["b.sum"] == (1, 0)


def test_rows_of_a_table_that_is_not_there_are_what_went_in(network):
    found = network(f"""
    layers:
      stem: {{conv: 2}}
      {TABLE[:-1]}, when: classes > 10}}
      a: {{concat: {{t: {{}}, x: {{from: t.x}}}}}}
    """)
    assert sources(found) == {"stem": (-1,), "a": (0, 0)}


@pytest.mark.parametrize(
    ("layers", "faults_"),
    [
        ("{a: {conv: 1, from: b}, b: conv}", ["AS305 b: no earlier 'b'"]),
        ("{a: {conv: 1, from: a}}", ["AS305 a: no earlier 'a'"]),
        ("{a: {conv: 1, from: nope}}", ["AS305 nope: no earlier 'nope'"]),
        ("{" + TABLE + ", a: {conv: 1, from: t.z}}", ["AS305 t.z: no earlier 't.z'"]),
        (
            "{s: {add: {l: {a: conv}, r: {from: a}}}}",
            ["AS305 a: no earlier 'a'"],
        ),
        (
            "{s: {add: {l: {a: conv}, r: {}}}, b: {concat: {x: {}, y: {from: a}}}}",
            ["AS305 a: no earlier 'a'"],
        ),
        ("{s: {add: {l: {a: {conv: 3, from: s}}}}}", ["AS305 s: no earlier 's'"]),
        ("{a: {resize: {like: b}}}", ["AS305 b: no earlier 'b'"]),
    ],
)
def test_references_that_nothing_answers(faults, layers, faults_):
    found = faults(f"layers: {layers}")
    short = [f.replace("there is no earlier layer", "no earlier") for f in found]
    assert short == faults_


@pytest.mark.parametrize(
    ("layers", "wasted"),
    [
        ("{a: conv, b: {conv: 1, from: input}}", "a"),
        ("{a: conv, b: {add: {l: {from: input}, r: {from: input}}}}", "a"),
        ("{s: {add: {l: {a: conv, b: {conv: 3, from: input}}, r: {}}}}", "a"),
        ("{" + TABLE + ", a: {conv: 1, from: input}}", "t"),
        ("{" + TABLE + ", a: {conv: 1, from: t.x}}", "t.y"),
    ],
)
def test_a_layer_that_nobody_uses(faults, layers, wasted):
    (fault,) = faults(f"layers: {layers}")
    assert fault == f"AS309 {wasted[0]}: layer '{wasted}' is never used"


def test_shapes_that_do_not_fit_are_reported_beside(faults):
    found = faults("layers: {a: conv, b: {global_avg_pool: {}, from: input}, c: conv}")
    assert [fault[:5] for fault in found] == ["AS309", "AS308"]


def test_own_blocks_are_looked_at_though_nobody_calls_them(faults):
    found = faults("""
    blocks: {b: {layers: {a: conv, c: {conv: 1, from: input}}}}
    layers: {a: conv}
    """)
    assert found == ["AS309 a: layer 'a' is never used"]


def test_like_is_no_use(network, faults):
    """No framework runs a layer for its size; Keras would leave its weights out."""
    layers = """
      a: {conv: 4}
      b: {conv: {filters: 5, stride: 2}, from: input}
      c: {resize: {like: a}}
"""
    assert faults(f"layers: {layers}") == ["AS309 a: layer 'a' is never used"]
    found = network(
        f"layers: {layers}\n      d: {{concat: {{a: {{}}, b: {{from: a}}}}}}"
    )
    assert found.output_shape == (9, 8, 8)
    assert sources(found)["c"] == (1,)


def test_resize_takes_a_size_or_a_layer_with_a_map(faults):
    assert faults("layers: {a: conv, b: {resize: {size: 3, like: a}}}") == [
        "AS204 a: resize takes 'size' or 'like', not both"
    ]
    layers = "{a: flatten, b: {resize: {like: a}, from: input}}"
    assert faults(f"outputs: {{one: a, two: b}}\nlayers: {layers}") == [
        "AS308 a: 'a' is not a feature map, but a vector of 192"
    ]


def test_outputs(network, faults):
    text = f"""
    layers:
      {TABLE}
      a: {{conv: 6}}
    outputs: {{c4: t.x, end: a}}
    """
    found = network(text)
    assert found.outputs == {"c4": 0, "end": 2}
    assert found.output_shape == {"c4": (4, 8, 8), "end": (6, 8, 8)}
    assert faults(text.replace(", end: a", "")) == ["AS309 a: layer 'a' is never used"]
    assert faults(text.replace("t.x", "t.z")) == ["AS305 t.z: unknown layer 't.z'"]


def test_one_output(network):
    found = network("layers: {a: {conv: 6}}\noutputs: {end: a}")
    assert found.output_shape == {"end": (6, 8, 8)}
