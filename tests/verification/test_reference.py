"""The statistics that float32 is judged with.

That the layers in NumPy give what PyTorch's functions give, every test of a generated
file checks with the judge.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from exchange import by_layers, difference, drawn

from archspec.elaboration import elaborate
from archspec.verification.reference import calibrate


def test_calibrated_statistics_are_those_of_the_images():
    """With them as weights the outputs are the same, and the first norm is normal."""
    network = elaborate("mobilenetv2", (), ["input.size=[96, 64]"])
    images = np.random.default_rng(0).normal(size=(2, *network.input_shape))
    weights = drawn(network)
    exactly = {
        name: np.ones_like(array)
        for name, array in weights.items()
        if name.endswith((".mean", ".variance"))
    }
    found = {}
    given = {**weights, **exactly}
    statistics = calibrate(network, given, images, found.__setitem__)
    again = by_layers(network, {**weights, **statistics}, images)
    assert difference({"": found["classifier"]}, again) < 1e-12
    scale, shift = (weights[f"stem.norm.{name}"] for name in ("scale", "shift"))
    normed = found["stem.norm"]
    assert np.allclose(normed.mean((0, 2, 3)), shift, atol=1e-5)
    assert np.allclose(normed.std((0, 2, 3)), abs(scale), rtol=1e-2)


def test_each_statistic_is_off_by_what_was_drawn():
    network = elaborate("mobilenetv2", (), ["input.size=[96, 64]"])
    images = np.random.default_rng(0).normal(size=(2, *network.input_shape))
    weights = drawn(network)
    found = {}
    statistics = calibrate(network, weights, images, found.__setitem__)
    before = found["stem.conv"]
    factor = statistics["stem.norm.variance"] / before.var((0, 2, 3))
    assert np.allclose(factor, weights["stem.norm.variance"])
    mean = before.mean((0, 2, 3))
    off = (statistics["stem.norm.mean"] - mean) / before.std((0, 2, 3))
    assert np.allclose(off, weights["stem.norm.mean"] - 1, atol=1e-5)
