"""Fresh weights are drawn as the spec says, by all frameworks and by archspec."""

from __future__ import annotations

from math import isclose

import numpy as np
import pytest
from exchange import Case, case, torch_arrays

from archspec.targets.templates import manifest
from archspec.weights.initial import fresh
from archspec.weights.moves import from_target

KINDS = {
    "conv": "{conv: {filters: 192, kernel: 3, initializer: RULE}}",
    "grouped": "{conv: {filters: 384, kernel: 3, groups: 4, initializer: RULE}}",
    "depthwise": "{depthwise_conv: {kernel: 5, initializer: RULE}}",
    "multiplied": "{depthwise_conv: {kernel: 5, multiplier: 2, initializer: RULE}}",
    "transposed": "{transposed_conv: {filters: 96, kernel: 3, initializer: RULE}}",
    "dense": "{dense: {units: 600, initializer: RULE}}",
}
DISTRIBUTIONS = ("uniform", "normal", "truncated_normal")
FANS = ("fan_in", "fan_out", "fan_avg")
SCALES = ("1", "2", "1/3")
DEVIATIONS = [f"[{drawn}, 0.05]" for drawn in DISTRIBUTIONS]
EACH_ONCE = zip(DISTRIBUTIONS, FANS, SCALES, strict=True)
RULES = [
    pytest.param(
        [*(f"[{d}, {f}, {s}]" for d, f, s in EACH_ONCE), DEVIATIONS[0]], id="each once"
    ),
    *(
        pytest.param(
            [
                f"[{drawn}, {fan}, {scale}]"
                for drawn in DISTRIBUTIONS
                for scale in SCALES
            ],
            id=fan,
            marks=pytest.mark.full,
        )
        for fan in FANS
    ),
    pytest.param(DEVIATIONS, id="deviation", marks=pytest.mark.full),
]


def canonical(found: Case):
    """Fresh weights of all frameworks and of archspec under their canonical names."""
    module, model = found.build(found.torch_text), found.build(found.keras_text)
    variables = {v.path: np.asarray(v) for v in model.weights}
    yield from_target(found.network, manifest("torch"), torch_arrays(module))
    yield from_target(found.network, manifest("keras"), variables)
    yield from_target(found.network, manifest("nnx"), found.fresh_nnx())
    yield fresh(found.network)


def deviation(layer, rule):
    """By the definition: variance scale / fan, or just the deviation."""
    if len(rule) == 2:
        return rule[1]
    weight, channels = layer.weights["weight"].shape, layer.inputs[0][0]
    area = int(np.prod(weight[2:]))
    groups = channels // weight[1] if layer.op != "transposed_conv" else 1
    fan_in, fan_out = channels // groups * area, layer.output[0] * area
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    return (rule[2] / fans[rule[1]]) ** 0.5


def check(found: Case, least: int = 2000):
    """Every kernel of at least so many numbers, wherever it is drawn; how many."""
    checked = 0
    for weights in canonical(found):
        assert not any(array.any() for n, array in weights.items() if n[-5:] == ".bias")
        for layer in found.network.layers:
            if "weight" not in layer.weights or layer.weights["weight"].size < least:
                continue
            rule, drawn = layer.primitive.initializer, weights[f"{layer.path}.weight"]
            expected = deviation(layer, rule)
            # Three per cent, or four standard errors where that is more.
            slack = max(0.03, 4 / (2 * drawn.size) ** 0.5)
            assert isclose(drawn.std(), expected, rel_tol=slack), (layer.path, rule)
            assert abs(drawn.mean()) < 5 * expected / drawn.size**0.5, layer.path
            ends = {"uniform": 3**0.5, "truncated_normal": 2 / 0.87962566}.get(rule[0])
            if ends is not None:
                assert np.abs(drawn).max() <= ends * expected * (1 + 1e-6), layer.path
            checked += 1
    return checked


@pytest.mark.parametrize("rules", RULES)
def test_rules_for_every_kind_of_layer(network, rules):
    layers = "\n".join(
        f"  {name}{number}: {layer.replace('RULE', rule)}"
        for number, rule in enumerate(rules)
        for name, layer in KINDS.items()
    )
    found = network(f"input: {{channels: 96, size: 4}}\nlayers:\n{layers}")
    assert check(found) == 4 * len(KINDS) * len(rules)


@pytest.mark.full
@pytest.mark.parametrize(
    ("spec", "variants"),
    [
        ("mobilenetv2", ["torchvision"]),
        ("mobilenetv2", []),
        ("mobilenetv2", ["slim"]),
        ("mobilenetv2", ["timm"]),
        ("mobilenetv1", ["timm"]),
    ],
)
def test_flavours(spec, variants):
    assert check(case(spec, tuple(variants), ("input.size=64",)), 300) > 50


def test_layers_that_differ_from_their_kind(network):
    found = network("""
input: {channels: 64, size: 4}
defaults:
  conv: {padding: same, bias: true, initializer: [normal, 0.5]}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
blocks:
  unit:
    arguments: {filters: int}
    layers:
      usual: {conv: {filters: filters, kernel: 3}}
      small: {conv: {filters: filters, kernel: 3, initializer: [normal, 0.01]}}
      several: {conv: {kernel: 3, initializer: [uniform, 0.1]}, repeat: 2}
      sum:
        add:
          side: {repeat: 2, aside: {conv: {filters: filters, initializer: [normal, 2]}}}
layers:
  units: {columns: [c], rows: [[64], [128]], each: {unit: c}}
  convs:
    columns: [c]
    rows: [[64], [96]]
    each: {conv: {filters: c, initializer: [normal, 1]}}
  repeated: {conv: {filters: 64, initializer: [normal, 3]}, repeat: 2}
  tail: {conv: {filters: 64, initializer: [truncated_normal, fan_out, 1]}}
""")  # fmt: skip
    assert check(found) == 4 * len(
        [layer for layer in found.network.layers if "weight" in layer.weights]
    )


def test_vectors_start_neutral(network):
    """Biases and shifts at 0, scales at 1, layer scales at what they say."""
    found = network("""
layers:
  conv: {conv: {bias: true}}
  norm: batch_norm
  layer: layer_norm
  bare: {layer_norm: {initial: 0.5, scale: false}}
  zero: {group_norm: {groups: 2, epsilon: 1e-5, initial: 0.25, shift: false}}
  s: {layer_scale: 0.25}
  a: {scalar_affine: 0.25}
  up: {transposed_conv: {filters: 4, bias: true}}
  dense: {dense: 3}
""")
    starts = {"bias": 0, "shift": 0, "mean": 0, "variance": 1, "scale": 1}
    for weights in canonical(found):
        for name, array in weights.items():
            path, _, kind = name.rpartition(".")
            if kind != "weight":
                own = path in ("s", "a", "zero") and kind == "scale"
                assert (array == (0.25 if own else starts[kind])).all(), name


def test_layers_of_one_shape_start_differently():
    for weights in canonical(case("mobilenetv1", ("0.25_128",))):
        kernels = [array for array in weights.values() if array.ndim > 1]
        assert len({kernel.tobytes() for kernel in kernels}) == len(kernels)
