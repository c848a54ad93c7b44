"""Generated files, as trained and with batch norm folded, go where networks run."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
import torch
from ai_edge_litert.interpreter import Interpreter
from exchange import (
    Case,
    case,
    difference,
    imported,
    randomize,
    run_keras,
    run_torch,
)
from zoo import resized

from archspec.elaboration import folded
from archspec.weights.checks import Arrays
from archspec.weights.fold import fold_weights

SHORTER = "layers.stages.rows.{}=[{}, 2, {}]"
DEPLOYED = {
    "mobilenetv2": (),
    "mobilenetv3_large": (),
    "resnet50": (
        SHORTER.format("conv3", 128, 2),
        SHORTER.format("conv4", 256, 2),
        SHORTER.format("conv5", 512, 2),
    ),
    "shufflenetv2": ("layers.stages.rows.stage3=[232, 4]",),
    "squeezenet_1_1": (),
    "unet": (),
}
"""What is converted, with fewer repeats where that is slow."""

CHOICES = [
    pytest.param("squeezenet_1_1", True, id="squeezenet_1_1-folded"),
    *(
        pytest.param(name, fold, id=f"{name}-{how}", marks=pytest.mark.full)
        for how, fold, names in (
            ("folded", True, DEPLOYED.keys() - {"squeezenet_1_1"}),
            ("trained", False, {"mobilenetv3_large", "unet"}),
        )
        for name in sorted(names)
    ),
]
SINGLE = 1e-4
"""What two engines may differ by in single precision, of the largest output."""


@pytest.fixture(autouse=True, scope="module")
def float32(float64):
    """What is deployed is in single precision; the fixture before tidies up."""
    keras.config.set_floatx("float32")
    torch.set_default_dtype(torch.float32)


class Trained(NamedTuple):
    case: Case
    weights: Arrays

    def build(self, text):
        return getattr(imported(text), self.case.network.name)()

    @property
    def image(self):
        return self.case.image().astype(np.float32)


@lru_cache(maxsize=8)
def trained(name):
    """Random weights whose batch norms have the statistics of a batch."""
    found = case(name, (), (*resized(96, 64), *DEPLOYED[name]))
    module = found.build(found.torch_text).train()
    randomize(module)
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        module(torch.from_numpy(found.image(batch=8)))
    return Trained(found, found.canonical(module))


def chosen(name, fold):
    full = trained(name)
    if not fold:
        return full
    light = Case(folded(full.case.network))
    weights = fold_weights(full.case.network, light.network, full.weights)
    return Trained(light, weights)


@pytest.mark.parametrize(("name", "fold"), CHOICES)
def test_litert(name, fold, tmp_path):
    found = chosen(name, fold)
    model = found.build(found.case.keras_text)
    found.case.load_keras(model, found.weights)
    model.export(tmp_path, format="tf_saved_model", verbose=False)
    converted = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path)).convert()
    expected = run_keras(model, found.image)
    assert difference(run_litert(converted, found.image), expected) < SINGLE


def run_litert(content, image):
    interpreter = Interpreter(model_content=content, num_threads=1)
    (given,), (result,) = (
        interpreter.get_input_details(),
        interpreter.get_output_details(),
    )
    image = np.moveaxis(image, 1, -1)
    interpreter.resize_tensor_input(given["index"], image.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], image)
    interpreter.invoke()
    return {"": np.moveaxis(interpreter.get_tensor(result["index"]), -1, 1)}


@pytest.mark.parametrize(("name", "fold"), CHOICES)
def test_onnx_of_torch(name, fold, tmp_path):
    found = chosen(name, fold)
    module = found.build(found.case.torch_text).eval()
    found.case.load_torch(module, found.weights)
    image = found.image
    file = tmp_path / "network.onnx"
    torch.onnx.export(
        module, (torch.from_numpy(image),), file, dynamo=True, verbose=False
    )
    session = onnxruntime.InferenceSession(file)
    (given,) = session.get_inputs()
    (result,) = session.run(None, {given.name: image})
    assert difference({"": result}, run_torch(module, image)) < SINGLE
