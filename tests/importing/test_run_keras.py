"""Keras models that are made by Python of the user's, and compared with the spec."""

from inspect import getsource
from pathlib import Path

import numpy as np
import pytest

import archspec

keras = pytest.importorskip("keras")
L = keras.layers


def small_net(classes=5, size=12):
    image = x = L.Input((size, size, 3))
    x = L.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = L.ReLU()(L.BatchNormalization()(x))
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(image, L.Dense(classes, name="logits")(x))


def number():
    return 3


@pytest.fixture
def _mine(tmp_path, monkeypatch):
    """A module of the user's, in the current folder."""
    monkeypatch.chdir(tmp_path)
    source = "".join(map(getsource, (small_net, number)))
    Path("mine.py").write_text(f"import keras\n\nL = keras.layers\n\n\n{source}")


@pytest.mark.usefixtures("_mine")
def test_a_factory_of_any_size():
    found = archspec.import_model("mine:small_net", call="size=None", size=(3, 10, 12))
    assert "name: SmallNet\n" in found.text
    assert "size: [10, 12]" in found.text
    assert found.difference < 1e-12
    assert found.sizes == ((10, 12), (42, 44))


@pytest.mark.full
def test_a_model_of_this_process():
    """Compiled, and with layers that Keras named."""
    model = small_net()
    model.compile(loss=lambda wanted, given: given)
    found = archspec.import_model(model)
    assert found.difference < 1e-12
    np.testing.assert_array_equal(
        found.weights["classifier.weight"],
        keras.ops.convert_to_numpy(model.get_layer("logits").kernel).T,
    )
    part = archspec.import_model(model, until=model.layers[2].name)
    assert part.difference < 1e-12


@pytest.mark.full
@pytest.mark.usefixtures("_mine")
def test_a_factory_of_something_else():
    with pytest.raises(archspec.ImportFailed) as caught:
        archspec.import_model("mine:number")
    assert str(caught.value) == (
        "error[AS702]: mine:number cannot be exported\n"
        "   help: TypeError: it returned int, not a torch.nn.Module or keras.Model"
    )
