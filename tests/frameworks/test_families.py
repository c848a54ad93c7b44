"""One file for a family: with a variant's arguments it is the file of that variant."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from exchange import Case, assert_right, imported
from layers import complete

from archspec.elaboration import elaborate, keeping
from archspec.network import Network
from archspec.targets import TARGETS, render
from archspec.targets.templates import manifest
from archspec.weights.moves import to_target

FAMILIES = [
    ("convnext_tiny", "stochastic_depth"),
    ("efficientnet", "width depth pixels"),
    ("efficientnet_lite", "width"),
    ("ghostnet", "width"),
    ("mnasnet_a1", "width"),
    ("mnasnet_b1", "width resolution"),
    ("mobilenetv1", "width"),
    ("mobilenetv2", "width"),
    ("mobilenetv3_large", "width minimalistic"),
    ("mobilenetv3_small", "width minimalistic resolution"),
    ("mobilenetv4_conv_small", "width"),
    ("mobileone_s0", "alpha1"),
    ("repvgg_a0", "a"),
    ("unet", "base"),
    ("efficientnet torchvision", "width depth pixels"),
    ("mobilenetv1 keras", "width"),
    ("mobilenetv2 slim", "width"),
    ("mobilenetv3_large timm", "width"),
]
"""Every bundled spec with multipliers, and implementations that have other rules."""

ELSEWHERE = [
    ("efficientnet", "width depth pixels", {"width": 1.5, "depth": 1.5, "pixels": 64}),
    ("mobilenetv1", "width", {"width": 0.1, "resolution": 0.25}),
    ("mobilenetv2", "width", {"width": 1.7}),
    ("mobilenetv3_small", "width minimalistic", {"width": 1.1, "minimalistic": True}),
    ("mobilenetv4_conv_small", "width", {"width": 2}),
    ("mobileone_s0", "alpha1", {"alpha1": 0.25, "k": 2, "se": 0.5}),
    ("repvgg_a0", "a", {"a": 0.5, "groups": 2}),
    ("unet", "base", {"base": 5}),
]
"""Values that no variant has."""


def some(cases: Sequence[tuple[Any, ...]], count: int) -> list[Any]:
    """The cases, of which the quick suite has the first ones."""
    full = pytest.mark.full
    rest = [pytest.param(*case, marks=full) for case in cases[count:]]
    return [*cases[:count], *rest]


def family(spec: str, keep: str) -> tuple[Network, Sequence[str]]:
    name, *variants = spec.split()
    return keeping(elaborate(name, variants), keep.split()), variants


def shapes(network: Network, target: str) -> dict[str, tuple[int, ...]]:
    """What the network's own file has."""
    zeros = {n: np.broadcast_to(0.0, s) for n, s in network.weight_shapes.items()}
    found = to_target(network, manifest(target), zeros)
    return {name: array.shape for name, array in found.items()}


def in_torch(build: Any, arguments: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    import torch

    with torch.device("meta"):
        tensors = build(**arguments).state_dict()
    counted = manifest("torch")["counter"]
    return {n: tuple(t.shape) for n, t in tensors.items() if not n.endswith(counted)}


def accepted(build: Any, changed: Mapping[str, Any]) -> dict[str, Any]:
    """Of a variant's multipliers those that a framework's file reads."""
    # Flax's metaclass has a signature of its own.
    function = build.__init__ if isinstance(build, type) else build
    parameters = inspect.signature(function).parameters
    return {name: value for name, value in changed.items() if name in parameters}


@pytest.mark.parametrize(("spec", "keep"), some(FAMILIES, 5))
def test_variants_in_torch(spec, keep):
    """Names and shapes of all weights, of every variant."""
    base, variants = family(spec, keep)
    module = imported(render(base, "torch"))
    build = getattr(module, base.name)
    assert in_torch(build, {}) == shapes(base, "torch")
    seen = [{}]
    for name, changed in getattr(module, "VARIANTS", {}).items():
        assert changed == accepted(build, base.spec.family.variants[name])
        if changed not in seen:  # A resolution changes no weights.
            own = elaborate(base.spec.stem, [*variants, name])
            assert in_torch(build, changed) == shapes(own, "torch"), name
            seen.append(changed)


@pytest.mark.parametrize(("spec", "keep", "values"), some(ELSEWHERE, 3))
def test_other_values_in_torch(spec, keep, values):
    base, _ = family(spec, keep)
    build = getattr(imported(render(base, "torch")), base.name)
    said = [f"multipliers.{n}={str(v).lower()}" for n, v in values.items()]
    own = elaborate(spec, (), said)
    assert in_torch(build, accepted(build, values)) == shapes(own, "torch")


OUTPUTS = [
    ("mobilenetv1", "width", "0.25_128"),
    ("efficientnet_lite", "width", "lite1"),
    ("mobilenetv3_small", "width", "0.35"),
    ("repvgg_a0", "a", "a1"),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("spec", "keep", "variant"), some(OUTPUTS, 1))
def test_outputs_of_a_variant(spec, keep, variant, target):
    """In float64, with rates and statistics, in the variant's own size."""
    base, _ = family(spec, keep)
    arguments = imported(render(base, target)).VARIANTS[variant]
    own = elaborate(spec, [variant], [f"name={base.name}"])
    assert_right(Case(own, base, arguments), target)


OWN = {
    "when and repeat": (
        "deep n",
        """
multipliers: {deep: false, n: 2}
layers:
  stem: {conv: 8}
  extra: {conv_bn_act: 16, when: deep}
  more: {conv_bn: 16, repeat: n}
  last: {conv: {filters: 4, stride: 2}, repeat: n + 1, then: {stride: 1}}
variants: {big: {multipliers: {deep: true, n: 4}}, one: {multipliers: {n: 1}}}
""",
    ),
    "branch repeat": (
        "k",
        """
multipliers: {k: 2}
layers:
  stem: {conv: 8}
  sum: {concat: {a: {}, many: {repeat: k, squeeze: {conv: 2}}}}
  last: {dense: classes}
variants: {three: {multipliers: {k: 3}}}
""",
    ),
    "channels and size": (
        "chans size",
        """
multipliers: {chans: 3, size: 12}
input: {channels: chans, size: [size, size + 2]}
layers:
  stem: {conv: {filters: 8, kernel: 3, stride: 2}}
  up: {upsample: 2}
  pool: global_avg_pool
variants: {gray: {multipliers: {chans: 1}}, large: {multipliers: {size: 16}}}
""",
    ),
    "own block with a table": (
        "width depth",
        """
multipliers: {width: 1.0, depth: 1.0}
define: {scale(c): int(c * width)}
blocks:
  body:
    arguments: {n: 2}
    layers:
      inner:
        columns: [c, r]
        rows: [[8, 1], [16, n]]
        each:
          inverted_residual:
            filters: scale(c)
            expand: 2
            drop_path: 0.1 * index / count
        repeat: ceil(r * depth)
layers:
  stem: {conv: scale(8)}
  a: {body: 2}
  b: {body: 3}
  pool: global_avg_pool
variants:
  big: {multipliers: {width: 2.0, depth: 1.5}}
  thin: {multipliers: {width: 0.5}}
""",
    ),
    "two tables": (
        "depth",
        """
multipliers: {depth: 1.0}
define: {times(n): ceil(n * depth)}
layers:
  one:
    columns: [c, r]
    rows: [[8, 1], [16, 2]]
    each: {inverted_residual: {filters: c, expand: 2, drop_path: 0.1 * index / count}}
    repeat: times(r)
  two:
    columns: [c, r]
    rows: [[8, 3], [16, 2]]
    each: {inverted_residual: {filters: c, expand: 2, drop_path: 0.2 * index / count}}
    repeat: times(r)
variants: {big: {multipliers: {depth: 1.5}}, huge: {multipliers: {depth: 2.2}}}
""",
    ),
    "words": (
        "mini q",
        """
multipliers: {mini: false, q: 1}
define: {NL: relu if mini else hard_swish, pick(x): relu if x < q else relu6}
layers:
  stem: {conv_bn_act: {filters: 8 * q, activation: NL}}
  act: {activation: pick(2)}
  b: {conv_bn_act: {filters: 8, activation: pick(1)}}
  c: {conv_bn_act: {filters: 8, activation: relu}}
outputs: {b: b, c: c}
variants: {m: {multipliers: {mini: true}}, p: {multipliers: {q: 3}}}
""",
    ),
    "padding": (
        "k",
        """
multipliers: {k: 3}
defaults:
  conv: {padding: symmetric, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  activation: relu
layers:
  stem: {conv: {filters: 8, kernel: k, stride: 2}}
  b: {conv_bn_act: {filters: 8, kernel: k}}
  g: {conv: {filters: 8, kernel: 3, groups: k - 1, dilation: k}}
  s: {slice_channels: {stop: k}}
variants: {five: {multipliers: {k: 5}}}
""",
    ),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", OWN)
def test_own_families(tmp_path, case, target):
    keep, text = OWN[case]
    path = tmp_path / "net.yaml"
    path.write_text(complete(text), encoding="utf-8")
    base = keeping(elaborate(path), keep.split())
    module = imported(render(base, target))
    assert module.VARIANTS.keys() == base.spec.family.variants.keys()
    for variants in ([], *([name] for name in module.VARIANTS)):
        arguments = module.VARIANTS[variants[0]] if variants else {}
        assert_right(Case(elaborate(path, variants), base, arguments), target)


IN_CHANNELS = {
    "blocks that read their own": """
multipliers: {width: 2}
blocks:
  unit:
    arguments: {n: int}
    residual: n == 1
    layers: {conv: {conv: in_channels * n}, wide: {conv: "in_channels * max(1, n)"}}
layers: {a: {unit: 1}, b: {unit: 2}, c: {conv: 4 * width}, pool: global_avg_pool}
""",
    "only the image": """
layers: {filter: depthwise_conv, join: {concat: {a: {}, b: {from: input}}}}
""",
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", IN_CHANNELS.values(), ids=IN_CHANNELS)
def test_the_channels_of_the_image(tmp_path, text, target):
    path = tmp_path / "net.yaml"
    path.write_text(complete(text), encoding="utf-8")
    base = keeping(elaborate(path), ["in_channels"])
    name = "input_shape" if target == "keras" else "in_channels"
    for channels in (1, 3, 8):
        own = elaborate(path, (), [f"input.channels={channels}"])
        value = (*own.input_shape[1:], channels) if target == "keras" else channels
        assert_right(Case(own, base, {name: value}), target)


@pytest.mark.parametrize("target", ["torch", "nnx"])
def test_the_channels_of_a_bundled_network(target):
    base = keeping(elaborate("mobilenetv2", ["0.35_96"]), ["in_channels"])
    own = elaborate("mobilenetv2", ["0.35_96"], ["input.channels=1"])
    assert_right(Case(own, base, {"in_channels": 1}), target)


def marked(width: str) -> str:
    return f"""
multipliers: {{width: {width}, depth: 1}}
layers: {{stem: {{conv: 8 * width}}, more: {{conv: 4, repeat: depth}}}}
variants: {{wide: {{multipliers: {{width: 2}}}}}}
"""


def test_a_multiplier_marked_to_be_kept(tmp_path):
    """Its file is that of `--keep`; a variant changes its value, not the mark."""
    path, plain = tmp_path / "net.yaml", tmp_path / "plain" / "net.yaml"
    plain.parent.mkdir()
    path.write_text(complete(marked("{value: 1, keep: true}")), encoding="utf-8")
    plain.write_text(complete(marked("1")), encoding="utf-8")
    kept = imported(render(elaborate(path), "torch"))
    option = imported(render(keeping(elaborate(plain), ["width"]), "torch"))
    assert kept.VARIANTS == option.VARIANTS == {"wide": {"width": 2}}
    wide = elaborate(path, ["wide"])
    assert wide.weight_shapes == elaborate(plain, ["wide"]).weight_shapes
    build = imported(render(wide, "torch")).__dict__[wide.name]
    assert in_torch(build, {}) == shapes(wide, "torch")
    wider = elaborate(path, (), ["multipliers.width=3"])
    assert in_torch(build, {"width": 3}) == shapes(wider, "torch")
    off = elaborate(path, (), ["multipliers.width.keep=false"])
    assert "VARIANTS" not in render(off, "torch")
    depth = elaborate(plain, (), ["multipliers.depth.keep=true"])
    assert "depth: int = 1" in render(depth, "torch")
