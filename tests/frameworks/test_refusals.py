"""What a target cannot say is refused with the layer's place, before any text."""

from __future__ import annotations

import pytest

from archspec.errors import SpecError
from archspec.targets.render import render

LAYERS = {
    "keras-stride and dilation": "{conv: {kernel: 3, stride: 2, dilation: 2}}",
    "keras-unequal strides": "{depthwise_conv: {kernel: 3, stride: [2, 1]}}",
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
