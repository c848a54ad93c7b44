"""A folded network's files give what the network gave before, with folded weights."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import lru_cache

import numpy as np
import pytest
import torch
from exchange import (
    Case,
    case,
    check_settings,
    difference,
    drawn,
    run_keras,
    run_torch,
    tolerance,
)
from judge import judged
from test_own_blocks import BLOCKS as WRITTEN
from test_style import complaints
from torch.nn.utils.fusion import fuse_conv_bn_weights
from zoo import EVERY, KINDS, flavours, label, leading, sizes

from archspec.elaboration import folded
from archspec.errors import WeightsError
from archspec.network import Network
from archspec.weights.fold import fold_weights

KEPT = {
    "coatnet_0": 5, "densenet121": 62, "mobilenetv4_hybrid_medium": 8,
    "mobileone_s0": 35, "repvgg_a0": 17, "repvit_m0_9": 24,
}  # fmt: skip
"""How many batch norms of a bundled spec follow no convolution: all others fold."""

RUN = [
    *((path, ()) for path in KINDS),
    *(
        (path, flavour)
        for path in KINDS
        for flavour in [("keras",), ("features",)]
        if flavour in flavours(path) and path.stem in {"mobilenetv1", "resnet50"}
    ),
]
"""What is run: every kind, convolutions with a bias, explicit padding, outputs."""

# How many norms are left of how many, of each block or network that keeps some.
BLOCKS = {
    "pre-activation": (
        "layers: {stem: conv, unit: {dense_layer: 4}, end: transition}", 2, 3,
    ),
    "parallel branches": (
        "layers: {a: {rep_vgg_block: 6}, b: {mobile_one_block: {branches: 2}}}", 2, 7,
    ),
    "ghosts": (
        "layers: {a: {ghost_bottleneck: {filters: 7, hidden: 9, stride: 2}}}", 0, 7,
    ),
    "groups": (
        """
layers:
  group: {conv: {filters: 12, kernel: 3, stride: 2, groups: 3}}
  n1: {batch_norm: {shift: false}}
  wide: {depthwise_conv: {kernel: [3, 5], multiplier: 3, bias: true}}
  n2: {batch_norm: {epsilon: 0.1, scale: false}}
""", 0, 2,
    ),
    "transposed": (
        """
layers:
  up: {transposed_conv: {filters: 4, kernel: 3, stride: 2, padding: same}}
  n1: batch_norm
  act: {activation: hard_swish}
  again: {transposed_conv: {filters: 5, bias: true}}
  n2: batch_norm
""", 0, 2,
    ),
    "dense": (
        """
layers:
  mix: {dense: {units: 4, bias: false}}
  n1: batch_norm
  flat: flatten
  wide: {dense: 7}
  n2: batch_norm
  out: {dense: classes}
""", 0, 2,
    ),
    "read by name": (
        """
layers:
  a: {conv: {filters: 6, kernel: 3}}
  n1: batch_norm
  act: activation
  b: {conv: 6}
  n2: batch_norm
  c: {conv: {filters: 6, padding: [1, 2, 0, 1], kernel: [4, 2]}}
  n3: batch_norm
  sum: {add: {one: {}, other: {from: n1}, third: {from: b}}}
outputs: {start: n1, end: sum}
""", 1, 3,
    ),
    "conditions and repeats": (
        """
blocks:
  unit:
    arguments: {filters: int, normed: true, bias: false}
    layers:
      conv: {conv: {filters: filters, kernel: 3, bias: bias}}
      norm: {batch_norm: {}, when: normed}
      point: {conv: filters, when: normed}
      end: {batch_norm: {}, when: normed}
  plain:
    arguments: {filters: int, bias: false}
    layers: {conv: {conv: {filters: filters, bias: bias}}, norm: batch_norm}
layers:
  a: {unit: 4}
  b: {unit: {filters: 5, normed: false, bias: true}}
  c: {plain: 4}
  d: {plain: {filters: 6, bias: true}, repeat: 2}
  twice: {conv: {filters: 6, kernel: 3}, repeat: 2}
  norm: batch_norm
  join: {add: {one: {repeat: 2, e: {conv: 6}, n: batch_norm}, two: {}}}
  both: {columns: [op, c], rows: [[plain, 4], [conv, 5]], each: {plain: c, conv: c}}
""", 2, 9,
    ),
}  # fmt: skip


def norms(network: Network) -> int:
    return sum(layer.op == "batch_norm" for layer in network.layers)


@lru_cache(maxsize=2)
def pair(path, flavour, size):
    full = case(path, flavour, size)
    return full, Case(folded(full.network))


def assert_folded(full: Case, light: Case, target: str):
    weights, image = drawn(full.network), full.image()
    expected = judged(full.network, weights, image)
    lighter = fold_weights(full.network, light.network, weights)
    if target == "torch":
        light.load_torch(light.torch, lighter)
        found, allowed = run_torch(light.torch, image), 1e-9
    else:
        light.load_keras(light.keras, lighter)
        found, allowed = run_keras(light.keras, image), tolerance(full.network)
    check_settings(light.network, target, getattr(light, target))
    assert difference(found, expected) < allowed


LEADERS = {"mobilenetv1-keras", "repvgg_a0", "shufflenetv2", "unet"}


def marked(path, flavour):
    marks = [] if label(path, flavour) in LEADERS else [pytest.mark.full]
    return pytest.param(path, flavour, id=label(path, flavour), marks=marks)


@pytest.mark.parametrize(("path", "flavour"), [marked(*chosen) for chosen in RUN])
@pytest.mark.parametrize("target", ["torch", "keras"])
def test_bundled(path, flavour, target):
    full, light = pair(path, flavour, sizes(path)[-1])
    if norms(full.network) > norms(light.network):
        assert_folded(full, light, target)


@pytest.mark.parametrize("text", BLOCKS.values(), ids=BLOCKS)
@pytest.mark.parametrize("target", ["torch", "keras"])
def test_own_networks(network, text, target):
    spec, left, all_of_them = text
    full = network(spec)
    light = Case(folded(full.network))
    assert (norms(light.network), norms(full.network)) == (left, all_of_them)
    assert_folded(full, light, target)


@pytest.mark.parametrize(
    "text", [pytest.param(t, id=n) for n, t in WRITTEN.items() if "batch_norm" in t]
)
@pytest.mark.parametrize("target", ["torch", "keras"])
def test_blocks_that_users_write(network, text, target):
    full = network(text)
    assert_folded(full, Case(folded(full.network)), target)


@pytest.mark.parametrize("path", EVERY, ids=label)
def test_none_is_left_of_the_bundled_ones(path):
    for flavour in flavours(path):
        full, light = pair(path, flavour, sizes(path)[0])
        assert norms(light.network) == KEPT.get(path.stem, 0)
        assert light.network.macs == full.network.macs


@pytest.mark.parametrize("path", leading(EVERY, "mobilenetv2", "resnet50_fpn"))
def test_style(path, tmp_path):
    texts = {}
    for flavour in flavours(path):
        light = Case(folded(case(path, flavour).network))
        for target in ("torch", "keras"):
            text = getattr(light, f"{target}_text")
            texts[label(path, (*flavour, target)).replace("-", "_")] = text
            code = text.split('"""', 2)[2]
            if path.stem not in KEPT:
                assert not re.search(r"[Bb]atch.?[Nn]orm(?! folded)|Bn|_bn", code)
    assert not complaints(texts, tmp_path)


def test_the_header_says_so(network):
    text = "layers: {first: batch_norm, conv: conv, norm: batch_norm}"
    some = Case(folded(network(text).network)).torch_text
    assert some.startswith(
        '"""Net, batch norm folded where possible, for 9 x 12 images.\n'
    )
    assert (
        "\nGenerated by archspec from net, batch norm folded where possible;\n" in some
    )
    every = Case(folded(network("layers: {conv: conv, norm: batch_norm}").network))
    assert every.keras_text.startswith(
        '"""Net, batch norm folded, for 9 x 12 images.\n'
    )


WEIGHTS = "layers: {conv: {conv: 4}, norm: batch_norm, out: {dense: 3}}"


def test_single_precision_is_rounded_once(network):
    full = network(WEIGHTS).network
    light = folded(full)
    exact = drawn(full)
    single = {name: array.astype(np.float32) for name, array in exact.items()}
    doubled = {name: array.astype(np.float64) for name, array in single.items()}
    expected = fold_weights(full, light, doubled)
    found = fold_weights(full, light, single)
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, expected[name].astype(np.float32))
    assert found["out.weight"] is single["out.weight"]
    assert all(array.dtype == np.float64 for array in expected.values())


def test_by_hand(network):
    """One channel, whose numbers come out even."""
    full = network(
        """
input: {channels: 1, size: 1}
layers: {conv: {conv: {filters: 1, bias: true}}, norm: {batch_norm: {epsilon: 1}}}
"""
    ).network
    weights = {
        "conv.weight": np.full((1, 1, 1, 1), 3.0),
        "conv.bias": np.array([5.0]),
        "norm.scale": np.array([4.0]),
        "norm.shift": np.array([7.0]),
        "norm.mean": np.array([1.0]),
        "norm.variance": np.array([3.0]),
    }
    found = fold_weights(full, folded(full), weights)
    assert {name: array.item() for name, array in found.items()} == {
        "conv.weight": 6.0,
        "conv.bias": 15.0,
    }


@pytest.mark.parametrize("op", ["conv", "transposed_conv"])
def test_as_torch_folds(network, op):
    full = network(f"""
layers: {{conv: {{{op}: {{filters: 5, kernel: 3, bias: true}}}}, norm: batch_norm}}
""").network
    weights = drawn(full)
    conv, bias, scale, shift, mean, variance = map(torch.tensor, weights.values())
    transposed = op == "transposed_conv"
    statistics = mean, variance, full.layers[1].primitive.epsilon
    expected = fuse_conv_bn_weights(conv, bias, *statistics, scale, shift, transposed)
    found = fold_weights(full, folded(full), weights)
    assert list(found) == ["conv.weight", "conv.bias"]
    for array, parameter in zip(found.values(), expected, strict=True):
        assert np.allclose(array, parameter.detach().numpy(), rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"norm.mean": None}, "AS512", "weight 'norm.mean' (4) is missing"),
        (
            {"more.weight": np.zeros(3)},
            "AS512",
            "the network has no weight 'more.weight' (3)",
        ),
        (
            {"norm.scale": np.zeros(1)},
            "AS513",
            "'norm.scale' is (1), but the network expects (4)",
        ),
        (
            {"norm.variance": np.full(4, -1.0)},
            "AS515",
            "norm.variance is not above -epsilon",
        ),
        (
            {"norm.variance": np.full(4, np.nan)},
            "AS515",
            "'norm.variance' has 4 of 4 numbers that are not finite",
        ),
    ],
)
def test_weights_that_do_not_fit(network, change, code, message):
    full = network(WEIGHTS).network
    weights = drawn(full) | change
    weights = {name: array for name, array in weights.items() if array is not None}
    with pytest.raises(WeightsError) as caught:
        fold_weights(full, folded(full), weights)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == (code, message)


@pytest.mark.full
def test_the_page_about_folding_runs(archspec, root, tmp_path):
    text = (root / "docs" / "folding.md").read_text("utf-8")
    generate, convert = re.findall(r"^```console\narchspec (.*)\n```$", text, re.M)
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for command in (
        f"{generate} --target torch -o .",
        "generate mobilenetv2 --target torch -o .",
        "weights init mobilenetv2 -o fresh.safetensors",
        "weights convert fresh.safetensors mobilenetv2 --to torch -o trained.pth",
        convert,
    ):
        done = archspec(*command.split())
        assert done.returncode == 0, done.stderr
    (tmp_path / "torch" / "page.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "torch/page.py"], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
