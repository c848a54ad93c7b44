"""Keras files take images of the size that is asked for, or of every size."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from exchange import Case, assert_right, imported, tolerance
from test_keras_files import ANY_SIZE, EVERYTHING

from archspec.elaboration import elaborate, with_input_size
from archspec.targets import render

POOLS = """
layers:
  stem: {conv: {filters: 4, kernel: 3}}
  a: {max_pool: {kernel: 3, stride: 2, padding: symmetric, ceil: true}, from: stem}
  b: {max_pool: {kernel: 3, stride: 2, ceil: true}, from: stem}
  c: {max_pool: {kernel: 2, stride: 2, padding: symmetric, ceil: true}, from: stem}
  d: {max_pool: {kernel: 3, stride: 2, padding: same}, from: stem}
  e: {avg_pool: {kernel: 3, stride: 2, padding: symmetric, ceil: true}, from: stem}
  f: {avg_pool: {kernel: 2, stride: 3, ceil: true}, from: stem}
  g: {avg_pool: {kernel: [3, 2], stride: 3, padding: symmetric, ceil: true,
      count_padding: true}, from: stem}
outputs: {a: a, b: b, c: c, d: d, e: e, f: f, g: g}
"""
TWO = """
input: ~
inputs:
  image: {channels: 3, size: [9, 12]}
  depth: {channels: 1, size: [9, 12]}
layers:
  color: {conv: {filters: 4, kernel: 3, stride: 2}}
  shape: {conv: {filters: 4, kernel: 3, stride: 2}, from: depth}
  both: {concat: {color: {from: color}, shape: {}}}
"""
SIZES = [(9, 12), (12, 15), (17, 13), (22, 10)]


def at_sizes(base, sizes, target):
    """The file of `base` at other sizes; a Keras model is built for all of them."""
    any_size = {"input_shape": (None, None, base.input_shape[0])}
    for size in sizes:
        case = Case(with_input_size(base, size), base)
        if target == "keras":
            case.arguments.update(any_size)
        assert_right(case, target, tolerance(base))


@pytest.mark.parametrize("text", [ANY_SIZE, POOLS], ids=["any", "pools"])
@pytest.mark.parametrize("target", ["keras", "nnx"])
def test_every_layer_at_other_sizes(network, text, target):
    at_sizes(network(text).network, SIZES, target)


@pytest.mark.parametrize(
    "spec",
    [
        "mobilenetv2",
        *(
            pytest.param(name, marks=pytest.mark.full)
            for name in ("shufflenetv2", "squeezenet_1_0", "unet", "convnext_tiny")
        ),
    ],
)
def test_bundled_at_other_sizes(spec):
    sizes = [(64, 96), (96, 64)] if spec == "unet" else [(64, 96), (97, 65)]
    at_sizes(elaborate(spec), sizes, "keras")


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (ANY_SIZE, True),
        (EVERYTHING, False),  # a dense layer on a flattened feature map
        (TWO, True),
        ("layers: {pool: {avg_pool: 3}}", True),
        ("layers: {pool: {avg_pool: {kernel: 4, stride: 4, padding: same}}}", False),
    ],
)
def test_who_takes_an_input_shape(network, text, taken):
    found = network(text)
    build = getattr(imported(found.keras_text), found.network.name)
    assert ("input_shape" in inspect.signature(build).parameters) is taken


def test_a_shape_for_each_input(network):
    build = imported(network(TWO).keras_text).Net
    images = [np.random.default_rng(0).random((2, 17, 13, c)) for c in (3, 1)]
    own = build(input_shape=tuple(image.shape[1:] for image in images))
    any_size = build(input_shape=((None, None, 3), (None, None, 1)))
    any_size.set_weights(own.get_weights())
    found, expected = (np.asarray(model(images)) for model in (any_size, own))
    assert found.shape == (2, 9, 7, 8)
    assert np.array_equal(found, expected)


def test_channels_follow_the_input_shape():
    base = elaborate("mobilenetv2")
    own = elaborate("mobilenetv2", (), ["input={channels: 1, size: [64, 96]}"])
    assert_right(Case(own, base, {"input_shape": (64, 96, 1)}), "keras")


def test_the_other_targets_take_any_size_as_they_are():
    for target in ("torch", "nnx"):
        assert "input_shape" not in render(elaborate("mobilenetv2"), target)
