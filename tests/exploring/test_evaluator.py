"""Counting in parts gives what elaborating anew gives."""

from __future__ import annotations

import copy
from functools import cache
from random import Random
from typing import Any

import pytest
from assignments import assignment, paths
from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.api.specs import bundled_specs
from archspec.elaboration.attributes import primitive
from archspec.exploring.evaluator import Evaluator
from archspec.exploring.figures import FIGURES
from archspec.language import load
from archspec.language.written import plain
from archspec.reading import read_source

SPECS = bundled_specs()


@cache
def opened(spec: str) -> tuple[Evaluator, dict[str, Any]]:
    source = read_source(spec)
    return Evaluator(source, names=FIGURES, dtype="int8"), paths(plain(load(source)))


def agree(evaluator: Evaluator, values: dict[str, str]) -> None:
    assert evaluator(values) == evaluator.elaborated(values), values


@pytest.mark.parametrize(
    "examples", [40, pytest.param(2_000, marks=pytest.mark.full)], ids=["few", "many"]
)
def test_bundled_specs(examples: int):
    @settings(max_examples=examples, deadline=None, database=None)
    @given(spec=st.sampled_from(SPECS), random=st.randoms(use_true_random=True))
    def one(spec: str, random: Random) -> None:
        evaluator, found = opened(spec)
        agree(evaluator, assignment(random, found))

    one()


NET = """
archspec: 1
name: Net
multipliers: {width: 1.0, depth: 2}
define: {scale(c): round_channels(c * width), wide: 16 * width}
input: {channels: 3, size: 16}
classes: 10
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  activation: relu
blocks:
  unit:
    arguments: {filters: int, skip: tensor, third: input, factor: 1}
    let: {inner: wide * factor}
    layers:
      a: {conv: inner}
      b: {conv: filters}
      sum: {add: {l: {}, r: {from: skip}, t: {from: third}}}
layers:
  stem: {conv_bn_act: {filters: scale(8), kernel: 3, stride: 2}}
  table:
    columns: [c, n]
    rows: {x: [8, 1], y: [16, depth], z: [scale(24), 1]}
    each: {conv: {filters: c, kernel: 1 + 2 * (index == count - 1)}}
    repeat: n
  side: {conv: {filters: scale(24)}, from: table.y}
  unit: {unit: {filters: scale(24), skip: table}}
  unit_again: {again: unit}
  more: {conv_bn_act: {filters: channels, kernel: 1}, when: width > 0.6, repeat: 2}
  twice: {again: more, when: width > 0.6}
  both: {concat: {l: {c: {conv: classes}}, r: {from: side}}}
outputs: {end: both, other: table.x}
"""


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"multipliers.width": "0.5"}, id="a multiplier"),
        pytest.param({"multipliers.width": "1"}, id="a number of another type"),
        pytest.param({"multipliers.depth": "1"}, id="repeats of a row"),
        pytest.param({"layers.table.rows.y.n": "3"}, id="a cell"),
        pytest.param({"layers.table.rows.z.c": "8"}, id="another shape at the end"),
        pytest.param({"classes": "7"}, id="classes"),
        pytest.param({"input.size": "[8, 32]"}, id="the size"),
        pytest.param({"layers.more.repeat": "1"}, id="what runs again"),
        pytest.param({"defaults.activation.kind": "gelu"}, id="defaults"),
        pytest.param({"define.wide": "8"}, id="a definition"),
        pytest.param({"layers.side.from": "table.x"}, id="refused"),
        pytest.param(
            {"layers.table.rows.y.n": "1", "layers.table": "{rows: {y: [8, 3]}}"},
            id="a row, after one of its cells",
        ),
        pytest.param(
            {"layers.table.rows": "{y: [8, 3]}", "layers.table.rows.y.n": "1"},
            id="a cell, after its row",
        ),
        pytest.param(
            {"layers.stem": "{op: conv}", "multipliers.width": "0.5"},
            id="another op, and a value",
        ),
    ],
)
def test_every_kind_of_change(tmp_path, values: dict[str, str]):
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    evaluator = Evaluator(read_source(path), names=FIGURES)
    for width in ("1.0", "0.75", "0.5"):
        agree(evaluator, {"multipliers.width": width} | values)
        agree(evaluator, values | {"multipliers.width": width})


def test_only_what_changed_is_elaborated(monkeypatch):
    evaluator = Evaluator(read_source("mobilenetv2"))
    values = {"multipliers.width": "0.5", "layers.stages.rows.5.n": "2"}
    assert not evaluator(values).refusal
    built: list[str] = []
    monkeypatch.setattr(
        "archspec.elaboration.walk.primitive",
        lambda call, *others, **named: (
            built.append(call.op) or primitive(call, *others, **named)
        ),
    )
    assert not evaluator(values | {"layers.stages.rows.5.n": "3"}).refusal
    assert built == []
    assert not evaluator(values | {"classes": "10"}).refusal
    assert built == ["dense"]


def test_processes_keep_an_evaluator_with_what_it_knows():
    evaluator = Evaluator(read_source("mobilenetv2"))
    one, two = (copy.copy(evaluator) for _ in range(2))  # as pickling does it
    assert one is two
    assert one is not evaluator
    assert one({"classes": "10"}) == evaluator({"classes": "10"})
