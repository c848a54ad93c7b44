"""Attention in all its forms, compared with the judge; and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
from judge import judged_layers

from archspec.elaboration import elaborate
from archspec.errors import ShapeError
from archspec.ops import JOINS
from archspec.reading import parsed
from archspec.verification.reference import evaluate

FORMS = """\
archspec: 1
name: Forms
input: {channels: 24, size: 8}
defaults: {conv: {padding: symmetric, bias: false}}
layers:
  plain: {attention: 2}
  q1: {dense: 72}
  windows: {attention: {heads: 3, window: 4, shift: 1, relative_bias: signed}}
  q2: {dense: 72}
  grid: {attention: {heads: 3, dilation: 2, relative_bias: absolute, scale: 0.5}}
  grouped:
    attention:
      heads: 4
      query: {query: {conv: 32}}
      key: {down: {avg_pool: 2}, key: {conv: 16}}
      value: {below: {avg_pool: 2}, value: {conv: 12}}
  linear:
    linear_attention: {heads: 4, key: {few: {conv: 12}}, value: {fewer: {conv: 6}}}
  separable: {separable_attention: {dilation: 2, query: {score: {conv: 1}}}}
"""


def test_every_form_is_what_the_judge_says():
    found = elaborate(parsed(FORMS, Path("forms.yaml")))
    random = np.random.default_rng(0)
    shapes = found.weight_shapes.items()
    weights = {name: 0.3 * abs(random.normal(size=shape)) for name, shape in shapes}
    image = abs(random.normal(size=(2, *found.input_shape)))
    ours, judged = evaluate(found, weights, image), judged_layers(found, weights, image)
    for number, layer in enumerate(found.layers):
        np.testing.assert_allclose(ours[layer.path], judged[number], 1e-9, 1e-9)


@pytest.mark.parametrize(
    ("name", "attributes", "shapes", "message"),
    [
        ("attention", {"heads": 5}, [(48, 4, 4)], "are not a multiple of 5 heads"),
        ("attention", {}, [(16, 4, 4)], "16 are no multiple of 3"),
        ("attention", {"window": 3}, [(48, 4, 4)], "no multiple of the window 3"),
        ("attention", {"window": 10**9}, [(48, 4, 4)], "no multiple of the window"),
        ("attention", {"heads": 10**9}, [(48, 4, 4)], "multiple of 1000000000 heads"),
        ("attention", {"shift": 2}, [(48, 4, 4)], "must be below 'window'"),
        ("attention", {}, [(48,)], "needs positions"),
        ("attention", {"heads": 4}, [(16, 4), (12, 4), (12, 4)], "needs 4 channels"),
        ("attention", {}, [(16, 4), (16, 4), (16, 3)], "at the same positions"),
        ("separable_attention", {}, [(2, 4)] * 3, "a query of one channel"),
    ],
)
def test_what_does_not_fit(name, attributes, shapes, message):
    with pytest.raises(ShapeError, match=message):
        JOINS[name](**attributes).infer(*shapes)
