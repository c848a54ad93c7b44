"""Paths of layers."""

from __future__ import annotations


def paths(found):
    return [layer.path for layer in found.layers]


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
