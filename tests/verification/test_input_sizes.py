"""At which sizes networks are verified."""

from __future__ import annotations

import pytest

from archspec.elaboration import elaborate
from archspec.errors import VerifyError
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
        return [found.input_shape[1:] for found in sized(own, path, (), overrides)]

    return find


@pytest.mark.parametrize("name", NETWORKS)
def test_sizes(sizes, name):
    layers, expected = NETWORKS[name]
    assert sizes(layers) == expected


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            "  up: {upsample: 1000}",
            "its layers have 24,576,000,000 outputs at 96x64, "
            "but verify takes at most 500,000,000",
        ),
        (
            "  conv: {conv: {filters: 40000, kernel: 100}}",
            "its layers have 800,000,000 weights at 96x64, "
            "but verify takes at most 500,000,000",
        ),
    ],
)
def test_too_large(sizes, layer, message):
    with pytest.raises(VerifyError) as caught:
        sizes(layer)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("AS604", message)
