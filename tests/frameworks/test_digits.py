"""What docs/training.md says of examples/train_digits.py."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from exchange import manifest, run_keras, run_torch, torch_arrays

from archspec.weights.initial import fresh
from archspec.weights.moves import from_target, to_target

pytestmark = pytest.mark.full

EXAMPLES = Path(__file__).parents[2] / "examples"
EPOCHS = 2


@pytest.fixture(scope="module")
def example() -> Iterator[ModuleType]:
    import keras

    before = keras.config.dtype_policy()
    sys.path.insert(0, str(EXAMPLES))
    yield import_module("train_digits")
    sys.path.remove(str(EXAMPLES))
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="module")
def trained(example):
    """Both models after two epochs in float64, and their losses."""
    batches, *_ = example.digits(EPOCHS, "float64")
    weights = fresh(example.NETWORK)
    weights = {name: array.astype("float64") for name, array in weights.items()}
    return example.train_torch(weights, batches), example.train_keras(weights, batches)


@pytest.fixture(scope="module")
def weights(example, trained):
    """Canonical weights of both models."""
    (module, _), (model, _) = trained
    network = example.NETWORK
    of_keras = {variable.path: variable.numpy() for variable in model.weights}
    return (
        from_target(network, manifest("torch"), torch_arrays(module)),
        from_target(network, manifest("keras"), of_keras),
    )


def test_losses_agree_in_float64(trained):
    (_, of_torch), (_, of_keras) = trained
    assert of_torch.dtype == of_keras.dtype == np.float64
    assert of_torch[-1] < of_torch[0] / 10
    np.testing.assert_allclose(of_keras, of_torch, rtol=1e-12)


def test_running_variances_differ_by_bessels_correction(example, weights):
    layers = [x for x in example.NETWORK.layers if x.op == "batch_norm"]
    for layer in layers:
        name = f"{layer.path}.variance"
        count = example.BATCH * layer.output[1] * layer.output[2]
        start = layer.primitive.decay ** (EPOCHS * example.STEPS)
        of_torch, of_keras = (arrays[name] - start for arrays in weights)
        expected = of_keras * count / (count - 1)
        np.testing.assert_allclose(of_torch, expected, rtol=1e-9, err_msg=name)


def test_logits_agree_given_the_same_variances(example, trained, weights):
    (module, _), (model, _) = trained
    _, images, _ = example.digits(EPOCHS, "float64")
    expected = run_torch(module, images)[""]
    scale = abs(expected).max()
    assert abs(run_keras(model, images)[""] - expected).max() > 1e-4 * scale

    of_torch, of_keras = weights
    kept = {name: of_torch[name] for name in of_torch if name.endswith(".variance")}
    arrays = to_target(example.NETWORK, manifest("keras"), {**of_keras, **kept})
    for variable in model.weights:
        variable.assign(arrays[variable.path])
    assert abs(run_keras(model, images)[""] - expected).max() < 1e-10 * scale


def test_the_whole_run_in_float32(example, capsys, tmp_path):
    results = {"float32": example.compare("float32", 6)}
    _, of_keras, apart, _ = results["float32"]
    assert of_keras.dtype == np.float32
    assert apart.max() < 1e-2

    right = re.search(r"correct +([\d.]+)% +([\d.]+)%", capsys.readouterr().out)
    assert right is not None
    assert min(map(float, right.groups())) >= 97

    pictures = [tmp_path / "one.svg", tmp_path / "other.svg"]
    for picture in pictures:
        example.draw(results, picture)
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
