"""Other people's checkpoints, adopted: the network computes what the original did.

Every tensor of the originals is random, statistics included, so that a layer that got
another's weights is seen in the output.
"""

from __future__ import annotations

import numpy as np
import pytest
from exchange import Case, case, difference, run_keras, run_torch
from judge import judged
from originals import OVERRIDE, SIZE, original

from archspec.weights.adoption import adopt

pytestmark = pytest.mark.usefixtures("timm")

TORCH = ["a.pth", "a.safetensors"]
KERAS = ["a.weights.h5", "a.keras", "whole.h5", "old.h5"]

ORIGINALS = [
    ("torchvision:mobilenet_v2", "mobilenetv2", ["torchvision"], []),
    ("torchvision:resnet50", "resnet50", [], []),
    ("torchvision:mobilenet_v3_large", "mobilenetv3_large", ["torchvision"], []),
    ("torchvision:shufflenet_v2_x1_0", "shufflenetv2", [], []),
    ("torchvision:squeezenet1_0", "squeezenet_1_0", [], []),
    ("torchvision:squeezenet1_1", "squeezenet_1_1", [], []),
    ("timm:mobilenetv1_100", "mobilenetv1", ["timm"], []),
    ("timm:mobilenetv2_100", "mobilenetv2", ["timm"], []),
    ("timm:mobilenetv2_140", "mobilenetv2", ["1.4_224", "timm"], []),
    *(
        (f"keras:MobileNet:alpha={width}", "mobilenetv1", ["keras"], [width])
        for width in (1.0, 0.75, 0.5, 0.25)
    ),
    *(
        (f"keras:MobileNetV2:alpha={width}", "mobilenetv2", ["keras"], [width])
        for width in (1.4, 1.0, 0.75, 0.5, 0.35)
    ),
    ("keras:MobileNetV3Large", "mobilenetv3_large", [], []),
    ("keras:ResNet50", "resnet50", ["keras"], []),
]
QUICK = {
    "torchvision:squeezenet1_1",
    "timm:mobilenetv1_100",
    "keras:MobileNet:alpha=0.5",
}
BOTH = [
    ("torchvision:mobilenet_v2", "a.safetensors"),
    ("torchvision:shufflenet_v2_x1_0", "a.pth"),
    ("timm:mobilenetv2_100", "a.safetensors"),
    ("keras:MobileNetV2:alpha=0.5", "a.weights.h5"),
    ("keras:MobileNetV3Large", "a.keras"),
]


def marked(row):
    marks = [] if row[0] in QUICK else [pytest.mark.slow]
    return pytest.param(*row, marks=marks, id=row[0])


def files(name: str) -> list[str]:
    """The formats of a library; of a network's further widths one is enough."""
    if not name.startswith("keras"):
        return TORCH
    return KERAS if "=" not in name or name.endswith("=0.5") else KERAS[:1]


def adopter(spec: str, variants: list[str], widths: list[float]) -> Case:
    overrides = [f"multipliers.width={width}" for width in widths]
    return case(spec, tuple(variants), (*overrides, OVERRIDE))


def image() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(2, 3, *SIZE))


def as_output(array: np.ndarray) -> dict[str, np.ndarray]:
    """An original's output; keras.applications keeps the map that it answers on."""
    return {"": array.reshape(2, -1)}


@pytest.mark.parametrize(
    ("name", "spec", "variants", "widths"), [marked(row) for row in ORIGINALS]
)
def test_computes_what_the_original_does(tmp_path, name, spec, variants, widths):
    network, theirs = adopter(spec, variants, widths).network, original(name)
    expected = as_output(theirs.run(image()))
    found = None
    for file in files(name):
        theirs.save(tmp_path / file)
        adopted = adopt(network, tmp_path / file)
        if found is None:
            found = adopted.weights
            outputs = judged(network, doubled(found), image())
            assert difference(outputs, expected) < 1e-9
        assert found.keys() == adopted.weights.keys()
        assert all(np.array_equal(a, found[n]) for n, a in adopted.weights.items())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "file"), BOTH)
def test_runs_in_both_frameworks(tmp_path, name, file):
    row = next(row for row in ORIGINALS if row[0] == name)
    ours, theirs = adopter(*row[1:]), original(name)
    theirs.save(tmp_path / file)
    weights = doubled(adopt(ours.network, tmp_path / file).weights)
    expected = as_output(theirs.run(image()))
    ours.load_torch(ours.torch, weights)
    assert difference(run_torch(ours.torch, image()), expected) < 1e-9
    ours.load_keras(ours.keras, weights)
    assert difference(run_keras(ours.keras, image()), expected) < 1e-9


def doubled(weights):
    """In the precision in which the original ran; a file's own is single."""
    assert {str(array.dtype) for array in weights.values()} == {"float32"}
    return {name: array.astype("float64") for name, array in weights.items()}
