"""One file for a family: with a variant's arguments it is the file of that variant."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from exchange import Case, assert_right, imported

from archspec.elaboration import elaborate, keeping
from archspec.network import Network
from archspec.targets import render
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
    parameters = inspect.signature(build).parameters
    return {name: value for name, value in changed.items() if name in parameters}


@pytest.mark.parametrize(("spec", "keep"), FAMILIES)
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


@pytest.mark.parametrize(("spec", "keep", "values"), ELSEWHERE)
def test_other_values_in_torch(spec, keep, values):
    base, _ = family(spec, keep)
    build = getattr(imported(render(base, "torch")), base.name)
    said = [f"multipliers.{n}={str(v).lower()}" for n, v in values.items()]
    own = elaborate(spec, (), said)
    assert in_torch(build, accepted(build, values)) == shapes(own, "torch")


OUTPUTS = [
    ("efficientnet_lite", "width", "lite1"),
    ("mobilenetv1", "width", "0.25_128"),
    ("mobilenetv3_small", "width", "0.35"),
    ("repvgg_a0", "a", "a1"),
]


@pytest.mark.parametrize("target", ["torch", "keras"])
@pytest.mark.parametrize(("spec", "keep", "variant"), OUTPUTS)
def test_outputs_of_a_variant(spec, keep, variant, target):
    """In float64, with rates and statistics, in the variant's own size."""
    base, _ = family(spec, keep)
    build = getattr(imported(render(base, target)), base.name)
    arguments = accepted(build, base.spec.family.variants[variant])
    own = elaborate(spec, [variant], [f"name={base.name}"])
    assert_right(Case(own, base, arguments), target)
