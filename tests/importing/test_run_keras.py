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


class Block(L.Layer):
    """As users write them: without a configuration, and with functions in `call`."""

    def __init__(self, filters):
        super().__init__()
        self.conv = L.Conv2D(filters, 3, padding="same", use_bias=False)
        self.norm = L.BatchNormalization()

    def call(self, x):
        return x + keras.ops.relu(self.norm(self.conv(x)))


class OwnNet(keras.Model):
    def __init__(self, classes=5):
        super().__init__()
        self.augmented = L.RandomFlip()
        self.stem = L.Conv2D(4, 3, name="first")
        self.blocks = [Block(4) for _ in range(2)]
        self.pool = L.GlobalAveragePooling2D()
        self.head = L.Dense(classes)

    def call(self, x, training=None):
        x = self.stem(self.augmented(x, training=training))
        for block in self.blocks:
            x = block(x)
        return self.head(self.pool(x))


def varied(model):
    """The model with other weights."""
    random = np.random.default_rng(0)
    for variable in model.variables:
        variable.assign(random.uniform(0.1, 0.9, tuple(variable.shape)))
    return model


@pytest.fixture
def _mine(tmp_path, monkeypatch):
    """A module of the user's, in the current folder."""
    monkeypatch.chdir(tmp_path)
    source = "".join(map(getsource, (small_net, number, Block, OwnNet)))
    Path("mine.py").write_text(f"import keras\n\nL = keras.layers\n\n\n{source}")


@pytest.mark.usefixtures("_mine")
def test_a_factory_of_any_size_with_a_checkpoint_of_other_classes():
    """Of another run of Keras, which has named the layers otherwise."""
    small_net(3)
    tuned = varied(small_net(3))
    tuned.save_weights("tuned.weights.h5")
    found = archspec.import_model(
        "mine:small_net",
        call="size=None",
        size=(3, 10, 12),
        checkpoint="tuned.weights.h5",
    )
    assert "name: SmallNet\n" in found.text
    assert "size: [10, 12]}\nclasses: 3" in found.text
    np.testing.assert_array_equal(
        found.weights["classifier.weight"],
        keras.ops.convert_to_numpy(tuned.get_layer("logits").kernel).T,
    )
    assert found.difference < 1e-12
    assert found.sizes == ((10, 12), (42, 44))


def test_a_file_with_a_checkpoint(tmp_path):
    """Which has a layer more, whose weights are not lost in silence."""
    image = L.Input((8, 8, 3))
    x = L.Conv2D(4, 3, name="filter")(image)
    keras.Model(image, x).save(tmp_path / "net.keras")
    longer = varied(keras.Model(image, L.Dense(2)(L.Dense(2)(x))))
    longer.save(tmp_path / "longer.keras")
    found = archspec.import_model(
        tmp_path / "net.keras", checkpoint=tmp_path / "longer.keras"
    )
    np.testing.assert_array_equal(
        found.weights["stem.bias"],
        keras.ops.convert_to_numpy(longer.get_layer("filter").bias),
    )
    assert found.notes == (
        "4 weights of the checkpoint are not of this model: layers/dense/vars/0, "
        "layers/dense/vars/1, layers/dense_1/vars/0, layers/dense_1/vars/1",
    )
    with pytest.raises(archspec.ImportFailed) as caught:
        archspec.import_model(
            tmp_path / "longer.keras", checkpoint=tmp_path / "net.keras"
        )
    assert "AS705]: the checkpoint has no 'layers/dense/vars/0'" in str(caught.value)
    longer.save(tmp_path / "old.h5")
    with pytest.raises(archspec.WeightsError, match="load it in Keras 3"):
        archspec.import_model(tmp_path / "net.keras", checkpoint=tmp_path / "old.h5")


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


@pytest.mark.full
@pytest.mark.usefixtures("_mine")
def test_classes_of_the_users_own_are_read_by_what_they_call():
    """By name, and in this process, where layers keep their names."""
    found = archspec.import_model("mine:OwnNet", size=(3, 10, 12))
    assert "blocks: {fused_inverted_residual: " in found.text
    assert "repeat: 2}" in found.text
    assert found.difference < 1e-12
    assert found.notes == ("'augmented' is left out: without training it does nothing",)
    model = OwnNet()
    model(np.zeros((1, 10, 12, 3), "float32"))
    assert archspec.import_model(model).difference < 1e-12
    assert model.stem.name == "first"
    with pytest.raises(archspec.ImportFailed, match="does not state the size"):
        archspec.import_model("mine:OwnNet")


def test_layers_of_the_users_own_in_files(tmp_path):
    """Whose code is not in the file."""
    image = L.Input((8, 8, 4))
    keras.Model(image, Block(4)(image)).save(tmp_path / "layer.keras")
    model = OwnNet()
    model(np.zeros((1, 8, 8, 4), "float32"))
    model.save(tmp_path / "class.keras")
    for name, why in (
        ("layer", r"\.Block: "),
        ("class", "OwnNet is a class of your own"),
    ):
        with pytest.raises(archspec.ImportFailed, match=why):
            archspec.import_model(tmp_path / f"{name}.keras")
