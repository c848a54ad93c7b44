"""Branches of one shape: the order of a file tells which is which, or it is refused.

PyTorch's modules may hold all convolutions before all norms; Keras lists first what is
farthest from the output. Names tell nothing here, except where the test says so.
"""

from __future__ import annotations

import re

import keras
import pytest
from keras import layers
from test_adopt_names import Foreign, hashed

from archspec.errors import WeightsError
from archspec.weights.adoption import adopt

BRANCHES = """
        concat:
          a: {one: {conv_bn: {filters: 4, kernel: 3}}}
          b: {two: {conv_bn: {filters: 4, kernel: 3}}}
          c: {three: {conv_bn: {filters: 4, kernel: 3}}}
"""
ENDS = """
  pool: global_avg_pool
  classifier: {dense: classes}
"""
IN_BLOCKS = f"""
blocks:
  parallel:
    layers:
      join: {BRANCHES}
layers:
  stem: {{conv_bn: {{filters: 12, kernel: 3}}}}
  body: {{parallel: {{}}, repeat: 2}} {ENDS}"""
LOOSE = f"""
layers:
  stem: {{conv_bn: {{filters: 4, kernel: 3}}}}
  join: {BRANCHES} {ENDS}"""
UNEQUAL = f"""
layers:
  stem: {{conv: {{filters: 4, kernel: 3}}}}
  join:
    concat: {{a: {{one: {{conv: 4}}}}, b: {{two: {{conv: 4}}, three: {{conv: 4}}}}}}
  {ENDS}"""
UNEQUAL_IN_A_BLOCK = f"""
blocks:
  fork:
    layers:
      join:
        concat: {{a: {{one: {{conv: 4}}}}, b: {{two: {{conv: 4}}, three: {{conv: 4}}}}}}
layers:
  stem: {{conv: {{filters: 4, kernel: 3}}}}
  fork: fork {ENDS}"""
KERAS = ["a.keras", "a.weights.h5", "a.h5"]


class Model:
    """A Keras model, and its layers with weights in the order of the spec."""

    def __init__(self):
        keras.utils.clear_session()
        self.inputs = keras.Input((9, 12, 6))
        self.layers = []

    def conv(self, x, filters, kernel=3):
        conv = layers.Conv2D(filters, kernel, padding="same", use_bias=False)
        return self._applied(conv, x)

    def norm(self, x):
        return self._applied(layers.BatchNormalization(), x)

    def save(self, x, path):
        x = layers.GlobalAveragePooling2D()(x)
        model = keras.Model(self.inputs, self._applied(layers.Dense(5), x))
        save = model.save_weights if ".weights" in path.name else model.save
        save(path)
        return path

    def _applied(self, layer, x):
        self.layers.append(layer)
        return layer(x)

    @property
    def names(self):
        return [layer.name for layer in self.layers]


def parallel(model, x):
    return layers.Concatenate()([model.norm(model.conv(x, 4)) for _ in range(3)])


def unequal(path):
    """One convolution beside two, which Keras lists as two, one, two."""
    model = Model()
    x = model.conv(model.inputs, 4)
    one = model.conv(x, 4, 1)
    two = model.conv(model.conv(x, 4, 1), 4, 1)
    return model, model.save(layers.Concatenate()([one, two]), path)


def found(network, path):
    """The names of the units, in the order of the network."""
    accepted = "decay", "epsilon"  # Keras's own, which the file states
    return [unit.name for unit in adopt(network, path, accept=accepted).units.values()]


@pytest.mark.parametrize("file", KERAS)
@pytest.mark.parametrize(
    ("text", "filters", "blocks"), [(IN_BLOCKS, 12, 2), (LOOSE, 4, 1)]
)
def test_keras_lists_all_convolutions_before_all_norms(
    network, tmp_path, text, filters, blocks, file
):
    model = Model()
    x = model.norm(model.conv(model.inputs, filters))
    for _ in range(blocks):
        x = parallel(model, x)
    path = model.save(x, tmp_path / file)
    assert found(network(text).network, path) == model.names


@pytest.mark.parametrize("text", [IN_BLOCKS, LOOSE])
@pytest.mark.parametrize("name", [hashed, str.upper])
def test_convolutions_before_norms_in_pytorch(network, tmp_path, text, name):
    """Where names tell nothing, outputs have to be compared: branches have no order."""
    foreign = by_kind(Foreign(network(text).network, name), name)
    foreign.assert_found(tmp_path / "a.pth", compared=name is hashed)


@pytest.mark.parametrize("text", [IN_BLOCKS, LOOSE])
def test_an_order_that_is_not_the_networks_tells_nothing(network, tmp_path, text):
    foreign = by_kind(Foreign(network(text).network, hashed), hashed)
    last = hashed("classifier")
    foreign.ordered(lambda key: not key.startswith(last))
    with pytest.raises(WeightsError) as caught:
        foreign.adopted(tmp_path / "a.pth")
    assert {diagnostic.code for diagnostic in caught.value.diagnostics} == {"AS517"}


def by_kind(foreign, name):
    """With the convolutions of each block before its norms."""
    names = list(foreign.state)
    paths = {name(layer.path): layer.path for layer in foreign.network.layers}

    def place(key):
        path = paths[key.rpartition(".")[0]]
        block = re.match(r"stem|body\.\d|one|two|three|classifier", path)
        number = ["stem", "body.0", "body.1", "classifier"]
        body = number.index(block[0]) if block[0] in number else 1
        return body, path.endswith("norm"), names.index(key)

    return foreign.ordered(place)


@pytest.mark.parametrize("file", KERAS)
@pytest.mark.parametrize("text", [UNEQUAL, UNEQUAL_IN_A_BLOCK])
def test_branches_of_unequal_length_are_in_another_order(network, tmp_path, text, file):
    """As the spec lists them, the first branch would get the second one's weights."""
    _, path = unequal(tmp_path / file)
    prefix = "fork." if text == UNEQUAL_IN_A_BLOCK else ""
    with pytest.raises(WeightsError) as caught:
        adopt(network(text).network, path)
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [
        ("AS517", f"'{prefix}one' may be any of 'conv2d_2', 'conv2d_1'"),
        ("AS517", f"'{prefix}two' may be any of 'conv2d_1', 'conv2d_2'"),
    ]
    assert caught.value.diagnostics[-1].help == (
        "in the spec, name every layer of these shapes as the file does, or list the "
        "tensors of a .pth in the order of execution; "
        "for files of a generated module, use weights convert --from"
    )


@pytest.mark.parametrize("file", KERAS)
@pytest.mark.parametrize("text", [UNEQUAL, UNEQUAL_IN_A_BLOCK])
def test_the_files_names_in_the_spec_decide(network, tmp_path, text, file):
    """As the help says, and for these layers only."""
    model, path = unequal(tmp_path / file)
    _, one, two, three, _ = model.names
    named = text.replace("{one:", f"{{{one}:").replace("{two:", f"{{{two}:")
    named = named.replace(", three:", f", {three}:")
    assert found(network(named).network, path) == model.names


def test_the_files_names_in_a_block_decide_where_nothing_has_an_order(
    network, tmp_path
):
    words = {
        "one": "left",
        "two": "middle",
        "three": "right",
        "body": "m",
        "norm": "bn",
    }

    def theirs(path):
        return ".".join(words.get(word, word) for word in path.split("."))

    path = tmp_path / "a.safetensors"
    with pytest.raises(WeightsError, match=r"'body\.0\.one\.conv' may be any of"):
        Foreign(network(IN_BLOCKS).network, theirs).adopted(path)
    named = IN_BLOCKS.replace("one:", "left:").replace("two:", "middle:")
    renamed = network(named.replace("three:", "right:")).network
    Foreign(renamed, theirs).assert_found(path)
