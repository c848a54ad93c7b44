"""At which sizes networks are verified."""

from __future__ import annotations

import pytest

from archspec.elaboration import elaborate
from archspec.verification.input_sizes import sized

HEAD = """
archspec: 1
name: Net
input: {channels: 2, size: 224}
classes: 5
defaults: {conv: {padding: same, bias: false}}
layers:
"""
NETWORKS = {
    "any": ("  conv: conv", [(96, 64), (97, 65)]),
    "even": (
        "  join: {add: {skip: {}, way: {down: {max_pool: 2}, up: {upsample: 2}}}}",
        [(96, 64), (128, 96)],
    ),
    "large": ("  pool: {avg_pool: {kernel: 150}}", [(160, 192), (161, 193)]),
    "multiples of 224": (
        "  join: {add: {skip: {}, way: {down: {max_pool: 224}, up: {upsample: 224}}}}",
        [(224, 224)],
    ),
}


@pytest.fixture
def sizes(tmp_path):
    def find(layers: str, *overrides: str):
        path = tmp_path / "net.yaml"
        path.write_text(HEAD + layers)
        own = elaborate(path, (), overrides)
        return [found.input_shape[1:] for found in sized(own)]

    return find


@pytest.mark.parametrize("name", NETWORKS)
def test_sizes(sizes, name):
    layers, expected = NETWORKS[name]
    assert sizes(layers) == expected
