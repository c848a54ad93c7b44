"""Tensor arguments of blocks: what they read, and what they are not."""

from __future__ import annotations

import pytest

from archspec.elaboration import folded

NAMED = "has the name of a tensor that it could read"
BLOCK = """\
blocks:
  merge:
    arguments: {filters: int, skip: tensor, memory: input}
    layers:
      fit: {conv: "skip_channels + memory_channels", from: skip}
      join: {concat: {own: {from: input}, fit: {}, memory: {from: memory}}}
      mix: {conv: filters}
"""


def sources(network):
    return {layer.path: layer.sources for layer in network.layers}


def test_a_block_reads_what_it_is_given(network):
    found = network(f"""
{BLOCK}
layers:
  a: {{conv: 4}}
  b: {{conv: 6}}
  c: {{merge: {{filters: 2, skip: a}}, repeat: 2}}
  d: {{merge: {{filters: 2, skip: c, memory: input}}, from: b}}
""")
    assert sources(found) == {
        "a": (-1,),
        "b": (0,),
        "c.0.fit": (0,),
        "c.0.join": (1, 2, 1),
        "c.0.mix": (3,),
        "c.1.fit": (0,),
        "c.1.join": (4, 5, 4),
        "c.1.mix": (6,),
        "d.fit": (7,),
        "d.join": (1, 8, -1),
        "d.mix": (9,),
    }
    widths = {layer.path: layer.output[0] for layer in found.layers}
    assert (widths["c.0.fit"], widths["c.1.fit"], widths["d.fit"]) == (10, 6, 5)
    assert found.root.steps["d"][0].inputs == ((6, 8, 8), (2, 8, 8), (3, 8, 8))


ROWS = f"""
{BLOCK}
layers:
  a: {{conv: 4}}
  t: {{columns: [c], rows: {{x: [3], y: [5]}}, each: {{conv: c}}}}
  up:
    columns: [c, skip, n]
    rows: [[2, t.x, 2], [3, a, ~]]
    each: {{merge: {{filters: c, skip: skip}}}}
    repeat: n
  last: {{merge: {{filters: 1, skip: up.0}}}}
variants:
  other: {{layers: {{up: {{rows: {{1: {{skip: t.y}}}}}}}}}}
  same: {{layers: {{up: {{columns: {{skip: a}}}}}}}}
  given:
    layers: {{up: {{columns: {{m: [~, input]}}, each: {{merge: {{memory: m}}}}}}}}
  fixed: {{layers: {{up: {{columns: {{skip: ~}}, each: {{merge: {{skip: t.x}}}}}}}}}}
"""


@pytest.mark.parametrize(
    ("variant", "first", "second", "memory"),
    [
        (None, 1, 0, 8),
        ("other", 1, 2, 8),
        ("same", 0, 0, 8),
        ("given", 1, 0, -1),
        ("fixed", 1, 1, 8),
    ],
)
def test_cells_are_references(network, variant, first, second, memory):
    found = sources(network(ROWS, *filter(None, [variant])))
    assert found["up.0.0.fit"] == found["up.0.1.fit"] == (first,)
    assert found["up.1.fit"] == (second,)
    assert found["up.1.join"][2] == memory
    assert found["last.fit"] == (8,)


def test_a_block_that_extends_another_has_its_tensors(network):
    found = network(f"""
{BLOCK}
  wide: {{extends: merge, arguments: {{memory: tensor}}, layers: {{mix: {{conv: 9}}}}}}
layers: {{a: {{conv: 4}}, b: {{wide: {{filters: 1, skip: a, memory: a}}}}}}
""")
    assert sources(found)["b.join"] == (0, 1, 0)
    assert found.output_shape == (9, 8, 8)


def test_folding_keeps_a_norm_after_a_layer_that_is_read(network):
    found = folded(
        network(f"""
defaults: {{conv: {{padding: same, bias: false}}, batch_norm: {{epsilon: 1, decay: 0}}}}
{BLOCK}
layers:
  a: {{conv: 4}}
  norm: batch_norm
  b: {{conv: 5}}
  other: batch_norm
  c: {{merge: {{filters: 2, skip: a, memory: other}}}}
""")
    )
    assert [layer.path for layer in found.layers[:4]] == ["a", "norm", "b", "c.fit"]
    assert sources(found)["c.join"] == (2, 3, 2)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (
            "{a: {conv: 4}, b: {merge: {filters: 2, skip: 4}}}",
            ["AS302 4: merge: 'skip' must be a tensor, but is 4"],
        ),
        (
            "{a: {conv: 4}, b: {merge: {filters: 2, skip: [a, a]}}}",
            ["AS302 a: merge: 'skip' must be a tensor, but is [a, a]"],
        ),
        (
            "{a: {conv: 4}, b: {merge: {filters: 2, skip: channels + 1}}}",
            ["AS302 channels + 1: merge: 'skip' must be a tensor, but is channels + 1"],
        ),
        (
            "{a: {conv: 4}, b: {merge: {filters: 2}}}",
            ["AS304 merge: merge needs 'skip' (tensor)"],
        ),
        (
            "{a: {conv: 4}, b: {merge: {filters: a, skip: a}}}",
            ["AS301 a: unknown name 'a'"],
        ),
        (
            "{a: {conv: t.x}}",
            ["AS301 t.x: an attribute is not part of the expression language: 't.x'"],
        ),
        (
            "{a: {merge: {filters: 2, skip: b}}, b: {conv: 4}}",
            ["AS305 b: there is no earlier layer 'b'"],
        ),
        (
            "{a: {merge: {filters: 2, skip: a}}}",
            ["AS305 a: there is no earlier layer 'a'"],
        ),
        (
            "{a: {merge: {filters: 2, skip: t.x}}}",
            ["AS305 t.x: there is no earlier layer 't.x'"],
        ),
        (
            "{a: {conv: 1}, t: {columns: [s], rows: [[a], [t.0]], "
            "each: {merge: {filters: 2, skip: s}}}}",
            ["AS305 t.0: there is no earlier layer 't.0'"],
        ),
        (
            "{a: {conv: 1}, t: {columns: [s], rows: [[a], [~]], "
            "each: {merge: {filters: 2, skip: s}}}}",
            ["AS304 s: merge needs 'skip' (tensor)"],
        ),
        (
            "{a: {conv: 1}, t: {columns: [c, s], rows: [[2, a], [3, t.0]], "
            "each: {merge: c}}}",
            ["AS304 2: merge needs 'skip' (tensor)"],
        ),
        (
            "{a: {conv: 1}, t: {columns: [c, s], rows: [[2, a], [3, t.0]], "
            "each: {merge: {filters: c, skp: s}}}}",
            ["AS204 skp: unknown attribute 'skp' of merge"],
        ),
        (
            "{a: {conv: 1}, t: {columns: [c, s], rows: [[2, a], [3, t.0]], "
            "each: {conv: c}}}",
            [
                "AS301 a: unknown name 'a'",
                "AS301 t.0: an attribute is not part of the expression language: 't.0'",
            ],
        ),
        (
            "{a: {conv: 1}, t: {columns: [s], rows: [[a], [2]], "
            "each: {merge: {filters: 2, skip: s}}}}",
            ["AS302 2: merge: 'skip' must be a tensor, but is 2"],
        ),
        (
            "{a: {conv: 1}, t: {columns: [s], rows: [[a], [a]], "
            "each: {merge: {filters: s, skip: s}}}}",
            ["AS301 s: unknown name 's'"],
        ),
        (
            "{a: {conv: 1}, b: {merge: {filters: 2, skip: a}, repeat: 2, "
            "then: {skip: input}}}",
            ["AS204 skip: 'then' cannot give 'skip' of merge, which is a tensor"],
        ),
    ],
)
def test_what_is_no_tensor(faults, layers, expected):
    assert faults(f"{BLOCK}\nlayers: {layers}") == expected


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            "{arguments: {skip: tensor}, layers: {a: {conv: skip}}}",
            ["AS301 skip: unknown name 'skip'"],
        ),
        (
            "{arguments: {skip: tensor}, layers: {skip: {conv: 1}}}",
            [f"AS207 skip: the layer 'skip' {NAMED}"],
        ),
        (
            "{arguments: {skip: tensor, skip_channels: 2}, layers: {a: {conv: 1}}}",
            ["AS207 skip: 'skip_channels' is defined twice"],
        ),
        (
            "{arguments: {skip: tensor}, layers: {a: {conv: 1, from: other}}}",
            ["AS305 other: there is no earlier layer 'other'"],
        ),
    ],
)
def test_what_a_block_does_with_its_tensors(faults, block, expected):
    found = faults(f"blocks: {{b: {block}}}\nlayers: {{s: {{conv: 1}}, t: {{b: s}}}}")
    assert found == expected


def test_defaults_give_no_tensor(faults):
    found = faults(f"""
defaults: {{conv: {{padding: same, bias: false}}, merge: {{skip: input}}}}
{BLOCK}
layers: {{a: {{merge: {{filters: 2, skip: input}}}}}}
""")
    message = "'defaults' cannot give 'skip' of merge, which is a tensor"
    assert found == [f"AS204 skip: {message}"]
