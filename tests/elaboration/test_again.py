"""Layers that run again: they have no weights of their own, and cost what they do."""

from __future__ import annotations

import numpy as np
import pytest
from exchange import by_layers, drawn
from layers import complete

from archspec.elaboration import elaborate, folded
from archspec.errors import SpecError
from archspec.language.written import written
from archspec.network import Network
from archspec.verification.statistics import incomparable
from archspec.weights.fold import fold_weights

TOWERS = """
input: {channels: 3, size: 8}
blocks:
  tower:
    layers: {one: {conv_bn_act: 3}, two: {again: one}, out: {conv: 3}}
layers:
  small: {max_pool: 2}
  left: {tower: ~, from: input}
  right: {again: left, from: small}
  conv: {conv: {filters: 3, bias: true}}
  norm: batch_norm
  more: {again: conv}
  last: batch_norm
outputs: {left: left, last: last}
variants:
  apart: {layers: {right: {tower: ~, from: small}, more: {when: false}}}
  swapped: {layers: {norm: {again: conv}, last: {again: conv}}}
"""


@pytest.fixture
def towers(tmp_path):
    def network(*variants: str) -> Network:
        path = tmp_path / "net.yaml"
        path.write_text(complete(TOWERS), encoding="utf-8")
        return elaborate(path, variants)

    return network


def test_weights_are_counted_once_and_macs_in_each_run(towers):
    shared, apart = towers(), towers("apart")
    tower = 9 + 12 + 9
    assert shared.parameters == tower + 12 + 12 + 12
    assert apart.parameters == shared.parameters + tower
    macs = {layer.path: layer.macs for layer in shared.layers}
    runs = "left.one.conv", "left.two.conv", "right.one.conv", "right.two.conv"
    assert [macs[path] for path in runs] == [576, 576, 144, 144]
    names = [name for name in shared.weight_shapes if "conv.weight" in name]
    assert names == ["left.one.conv.weight", "conv.weight"]
    first_runs = {layer.path: layer.first_run for layer in shared.layers}
    assert first_runs["right.two.conv"] == "left.one.conv"
    assert first_runs["more"] == "conv"


def test_a_patch_makes_an_op_a_later_run_and_back(towers):
    swapped = towers("swapped")
    assert [layer.first_run for layer in swapped.layers[-4:]] == ["", *["conv"] * 3]
    assert swapped.parameters == 30 + 12


def test_batch_norm_is_folded_once(towers):
    """Where all runs are normed alike, as in a block; else it stays."""
    network = towers()
    without = folded(network)
    norms = [layer.path for layer in without.layers if layer.op == "batch_norm"]
    assert norms == ["norm", "last"]
    weights = drawn(network)
    image = np.random.default_rng(0).normal(size=(2, 3, 8, 8))
    expected = by_layers(network, weights, image)
    found = by_layers(without, fold_weights(network, without, weights), image)
    for name, array in expected.items():
        assert np.allclose(found[name], array, rtol=1e-9, atol=1e-9)


def test_onnx_has_shared_weights_once(towers):
    onnx = pytest.importorskip("archspec.targets.onnx")
    network = towers()
    for fold in True, False:
        made = onnx.model(network, drawn(network), fold_batch_norm=fold)
        kernels = [t.name for t in made.graph.initializer if t.name.endswith("weight")]
        unfolded = ["left.one.conv.weight", "left.out.weight", "conv.weight"]
        # Of the last convolution, one run is folded with a norm, one with another.
        assert kernels == ([*unfolded, "more.weight"] if fold else unfolded)


def test_statistics_that_depend_on_an_order_are_not_compared(towers):
    """The towers do not read each other, and are of different sizes."""
    norm = "left.one.norm"
    assert incomparable(towers()) == {f"{norm}.mean", f"{norm}.variance"}
    assert incomparable(towers("apart")) == set()


def test_a_shown_spec_is_the_same(towers, tmp_path):
    path = tmp_path / "shown.yaml"
    before = towers()
    path.write_text(written(before.spec), encoding="utf-8")
    assert "right: {again: left, from: small}" in path.read_text("utf-8")
    assert elaborate(path).weight_shapes == before.weight_shapes


def test_an_unknown_modifier(towers, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(complete("layers: {a: {conv: 3}, b: {again: a, then: 3}}"))
    with pytest.raises(SpecError, match="unknown key 'then'"):
        elaborate(path)
