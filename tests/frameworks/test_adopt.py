"""Other people's checkpoints, adopted: the network computes what the original did.

No two tensors of the originals are alike, statistics included, so that a layer that got
another's weights is seen in the output.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from exchange import Case, case, difference, run_keras, run_torch
from judge import judged
from originals import OVERRIDE, SIZE, original

from archspec.network import Network
from archspec.targets import onnx
from archspec.weights.adoption import adopt
from archspec.weights.checks import Arrays

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
    """In every target: torchvision's checkpoint in Keras, Keras's in PyTorch."""
    ours, theirs = adopter(spec, variants, widths), original(name)
    expected = as_output(theirs.run(image()))
    first, *others = files(name)
    theirs.save(tmp_path / first)
    weights = adopt(ours.network, tmp_path / first).weights
    double = {name: array.astype("float64") for name, array in weights.items()}
    assert difference(judged(ours.network, double, image()), expected) < 1e-9
    ours.load_torch(ours.torch, double)
    assert difference(run_torch(ours.torch, image()), expected) < 1e-9
    ours.load_keras(ours.keras, double)
    assert difference(run_keras(ours.keras, image()), expected) < 1e-9
    assert difference(run_onnx(ours.network, weights), expected) < 1e-4
    for file in others:
        theirs.save(tmp_path / file)
        again = adopt(ours.network, tmp_path / file).weights
        assert again.keys() == weights.keys()
        assert all(np.array_equal(again[name], weights[name]) for name in weights)


def run_onnx(network: Network, weights: Arrays) -> dict[str, np.ndarray]:
    """Our model, with the batch norms folded as it is deployed."""
    content = onnx.file(network, weights)
    session = onnxruntime.InferenceSession(content)
    (output,) = session.run(None, {"input": image().astype("float32")})
    return {"": output}
