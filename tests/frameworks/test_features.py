"""Feature maps by the names of their layers, the same in every framework."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
import pytest
import torch
from exchange import Case, difference, drawn, run_keras, run_nnx, run_torch

from archspec.elaboration import elaborate, featuring, with_input_size
from archspec.errors import SpecError
from archspec.verification.reference import evaluate

STRIDES = {
    "mobilenetv2": {
        "stages.0": (16, 2),
        "stages.1": (24, 4),
        "stages.2": (32, 8),
        "stages.4": (96, 16),
        "stages.6": (320, 32),
    },
    "resnet50": {
        "stem": (64, 2),
        "stages.conv2": (256, 4),
        "stages.conv3": (512, 8),
        "stages.conv4": (1024, 16),
        "stages.conv5": (2048, 32),
    },
    "efficientnet": {
        "stages.0": (16, 2),
        "stages.1": (24, 4),
        "stages.2": (40, 8),
        "stages.4": (112, 16),
        "stages.6": (320, 32),
    },
    "convnext_tiny": {
        "stages.res2": (96, 4),
        "stages.res3": (192, 8),
        "stages.res4": (384, 16),
        "stages.res5": (768, 32),
    },
}
"""Channels and stride of each feature."""
IN_TIMM = {
    "mobilenetv2": "mobilenetv2_100",
    "resnet50": "resnet50",
    "efficientnet": "efficientnet_b0",
    "convnext_tiny": "convnext_tiny",
}
SOME = [
    "mobilenetv2",
    *(pytest.param(n, marks=pytest.mark.full) for n in [*STRIDES][1:]),
]


def featured(spec: str, *layers: str) -> Case:
    network = with_input_size(elaborate(spec), (64, 96))
    return Case(featuring(network, layers or ("strides",)))


def expected(case: Case, weights, image) -> Mapping[str, np.ndarray]:
    """The output of the last layer of each row."""
    every = evaluate(case.network, weights, image)
    return {
        name: [x for path, x in every.items() if f"{path}.".startswith(f"{name}.")][-1]
        for name in case.network.spec.features
    }


@pytest.mark.parametrize("spec", SOME)
def test_features_are_equal(spec):
    case = featured(spec)
    weights, image = drawn(case.network), case.image()
    wanted = expected(case, weights, image)
    shapes = {
        name: (x.shape[1], image.shape[2] // x.shape[2]) for name, x in wanted.items()
    }
    assert shapes == STRIDES[spec]
    case.load_torch(case.torch, weights)
    assert difference(run_torch(case.torch.forward_features, image), wanted) < 1e-9
    case.load_nnx(case.nnx, weights)
    case.nnx.__class__.__call__ = case.nnx.__class__.forward_features
    assert difference(run_nnx(case.nnx, image), wanted) < 1e-9
    only = case.build(case.keras_text, features_only=True)
    case.load_keras(case.keras, weights)
    held = {variable.path: variable for variable in case.keras.weights}
    for variable in only.weights:
        variable.assign(held[variable.path])
    assert difference(run_keras(only, image), wanted) < 1e-9


@pytest.mark.parametrize(
    "target", ["torch", "keras", pytest.param("nnx", marks=pytest.mark.full)]
)
def test_the_classifier_is_the_same(target):
    """In a file with features, for its own checkpoints."""
    from exchange import assert_right

    assert_right(featured("mobilenetv2"), target)


def test_a_checkpoint_of_the_classifier_loads(tmp_path):
    own, case = (
        Case(with_input_size(elaborate("mobilenetv2"), (64, 96))),
        featured("mobilenetv2"),
    )
    case.torch.load_state_dict(own.torch.state_dict())
    own.keras.save_weights(tmp_path / "own.weights.h5")
    only = case.build(case.keras_text, features_only=True)
    only.load_weights(tmp_path / "own.weights.h5")
    held = {variable.path: variable for variable in own.keras.weights}
    for variable in only.weights:
        assert np.array_equal(variable, held[variable.path]), variable.path
    assert len(only.weights) < len(held)


def test_chosen_layers():
    """Whatever `forward` does besides; nothing behind the last one is run."""
    case = featured("convnext_tiny", "stages.res4", "stages.res3", "stem")
    maps = case.torch.forward_features(torch.zeros(1, 3, 64, 96))
    shapes = {name: tuple(x.shape[1:]) for name, x in maps.items()}
    assert shapes == {
        "stem": (96, 16, 24),
        "stages.res3": (192, 8, 12),
        "stages.res4": (384, 4, 6),
    }
    text = case.torch_text.partition("def forward_features")[2].partition("def ")[0]
    assert "res5" not in text
    model = case.build(case.keras_text, features_only=True)
    assert not [layer for layer in model.layers if "res5" in layer.name]
    assert isinstance(model, keras.Model)


@pytest.mark.full
@pytest.mark.parametrize("spec", STRIDES)
def test_they_are_those_of_timm(spec, timm):
    info = timm.create_model(IN_TIMM[spec], features_only=True).feature_info
    pairs = zip(info.channels(), info.reduction(), strict=True)
    assert [*STRIDES[spec].values()] == [*pairs]


def test_a_vector_is_no_feature_map():
    with pytest.raises(SpecError, match="'classifier' is not a feature map, but a v"):
        featuring(elaborate("mobilenetv2"), ["classifier"])


def test_named_outputs_are_features_already():
    with pytest.raises(SpecError, match="already returns named outputs: p2, p3"):
        featuring(elaborate("resnet50_fpn"), ["strides"])
