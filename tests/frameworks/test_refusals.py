"""What a target cannot say is refused with the layer's place, before any text."""

from __future__ import annotations

import pytest

from archspec.errors import SpecError
from archspec.targets.render import render

LAYERS = {
    "keras-stride and dilation": "{conv: {kernel: 3, stride: 2, dilation: 2}}",
    "keras-unequal strides": "{depthwise_conv: {kernel: 3, stride: [2, 1]}}",
    "torch-padding in a stage": """{
        columns: [n], rows: [[2]], repeat: n,
        each: {conv: {kernel: 3, padding: [0, 1, 2, 1]}}}""",
}
UNITS = {
    "torch-initializer": (
        "{std: 0.1}",
        "{conv: {initializer: [normal, std]}}",
        "{std: 0.2}",
    ),
    "keras-initializer": (
        "{std: 0.1}",
        "{conv: {initializer: [normal, std]}}",
        "{std: 0.2}",
    ),
    "torch-kernel": (
        "{k: 3}",
        "{max_pool: {kernel: k, stride: 2, padding: symmetric}}",
        "{k: [3, 1]}",
    ),
    "torch-pool": (
        "{s: 1}",
        "{transposed_conv: {filters: 4, kernel: 3, stride: s}}",
        "{s: 2}",
    ),
}


def check(found, case):
    with pytest.raises(SpecError) as caught:
        render(found.network, case.partition("-")[0])
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code.startswith("AS4")
    assert diagnostic.place is not None
    assert "it" in diagnostic.path


@pytest.mark.parametrize("case", LAYERS)
def test_layer(network, case):
    check(network(f"layers: {{it: {LAYERS[case]}}}"), case)


@pytest.mark.parametrize("case", UNITS)
def test_in_a_block_used_twice(network, case):
    arguments, layer, other = UNITS[case]
    text = f"""
blocks:
  unit:
    arguments: {arguments}
    layers: {{it: {layer}}}
layers: {{a: unit, b: {{unit: {other}}}}}
"""
    check(network(text), case)
