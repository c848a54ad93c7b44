"""Keras models as specs: read from their files, without Keras."""

import json
import zipfile
from io import BytesIO
from itertools import count
from pathlib import Path

import h5py
import numpy as np
import pytest

import archspec
from archspec.importing.keras import archive, reading
from archspec.importing.structured import best
from archspec.verification.reference import evaluate

keras = pytest.importorskip("keras")
L = keras.layers


def saved(model, path):
    """The file of a model with weights that tell its layers apart."""
    random = np.random.default_rng(0)
    for variable in model.variables:
        if "float" in variable.dtype:
            low = 0.5 if "variance" in variable.path else -0.5
            variable.assign(random.uniform(low, 0.9, tuple(variable.shape)))
    model.save(path)
    return path


def imported(model, path):
    """The spec of a model, checked against what the model computes."""
    graph, builder = reading.read(archive.read(saved(model, path)))
    assert builder.gaps == []
    found = best(graph, "Net", path)
    weights = {name: tensor.array for name, tensor in found.tensors.items()}
    shapes = [each.shape for each in graph.inputs.values()]
    images = [np.random.default_rng(n).random((2, *s)) for n, s in enumerate(shapes)]
    own = evaluate(found.network, weights, images if len(images) > 1 else images[0])
    last = [np.moveaxis(image, 1, -1) for image in images]
    given = model(last if len(last) > 1 else last[0])
    outputs = given if isinstance(given, list) else [given]
    numbers = found.network.outputs.values()
    for output, number in zip(outputs, numbers, strict=True):
        ours = own[found.network.layers[number].path]
        theirs = np.moveaxis(keras.ops.convert_to_numpy(output), -1, 1)
        np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, atol=2e-5)
    return found.text


def odd():
    """Layers of all sorts, activations within them, and arithmetic."""
    image = x = L.Input((11, 13, 3), name="image")
    x = x / 2.0 - 0.25
    x = L.ZeroPadding2D(((0, 1), (2, 1)))(x)
    x = L.Conv2D(8, (3, 5), 2, activation="relu")(x)
    x = L.DepthwiseConv2D(3, depth_multiplier=2, padding="same", strides=2)(x)
    x = L.SeparableConv2D(8, 3, padding="same", activation="silu")(x)
    x = L.Conv2DTranspose(6, 3, strides=2, padding="same", use_bias=False)(x)
    x = L.BatchNormalization(momentum=0.9)(x)
    x = L.LeakyReLU(negative_slope=0.1)(x)
    y = L.MaxPooling2D(3, 2, padding="same")(x)
    y = L.UpSampling2D(2, interpolation="bilinear")(y)
    x = L.Concatenate()([x, y, L.GroupNormalization(3)(x)])
    gate = L.GlobalAveragePooling2D(keepdims=True)(x)
    gate = L.Conv2D(18, 1)(gate)
    gate = L.ReLU(6.0)(gate + 3.0) * (1.0 / 6.0)
    x = L.Multiply()([gate, x])
    x = L.LayerNormalization()(x)
    x = L.Dropout(0.3)(L.Dense(4, activation="gelu")(x))
    x = L.AveragePooling2D(2, padding="same")(x)
    x = L.Dense(5, activation="softmax")(L.Flatten()(x))
    return keras.Model(image, x)


def test_layers_of_all_sorts(tmp_path):
    wanted = (Path(__file__).parent / "odd_keras.yaml").read_text("utf-8")
    assert imported(odd(), tmp_path / "odd.keras") == wanted


def attending():
    """Attention as layers and as products, of positions that a constant tells apart."""
    ops = keras.ops
    image = L.Input((8, 8, 3))
    x = L.Reshape((16, 16))(L.Conv2D(16, 2, 2, name="patches")(image))
    x = x + np.linspace(0, 1, 256, dtype="float32").reshape(1, 16, 16)
    y = L.LayerNormalization()(x)
    x = x + L.MultiHeadAttention(4, 3, dropout=0.1, name="mixer")(y, y)
    x = L.Average()([x, L.Attention()([x, x])])
    heads = [
        ops.transpose(L.EinsumDense("abc,cde->adbe", (2, None, 8))(x), axes)
        for axes in [(0, 1, 2, 3), (0, 1, 3, 2), (0, 1, 2, 3)]
    ]
    scores = ops.softmax(ops.matmul(heads[0], heads[1]) / 8**0.5)
    y = ops.matmul(L.Dropout(0.1)(scores), heads[2])
    y = ops.reshape(ops.swapaxes(y, 1, 2), (-1, 16, 16))
    y, z = ops.split(L.LayerNormalization()(x + y), 2, axis=-1)
    z = z - ops.mean(z, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(z), axis=-1, keepdims=True)
    x = ops.concatenate([y, z * ops.rsqrt(variance + 1e-5)], axis=-1)
    return keras.Model(image, L.GaussianNoise(0.1)(L.GlobalMaxPooling1D()(x)))


ATTENDING = """\
  stem: {conv: {filters: 16, kernel: 2, stride: 2, padding: valid}}
  positions: position_embedding
  norm: layer_norm
  mixer:
    attention:
      heads: 4
      dropout: 0.1
      query: {dense: {dense: 12}}
      key: {dense_2: {dense: 12}}
      value: {dense_3: {dense: 12}}
  dense_4: {dense: 16}
  sum: {add: {main: {}, shortcut: {from: positions}}}
  attention: {attention: {scale: 1, query: {}, key: {}, value: {}}}
  sum_2: {add: {main: {}, shortcut: {from: sum}}}
  normalize: {normalize: {mean: [0], std: [2]}}
  attention_2:
    attention:
      heads: 2
      query: {dense_5: {dense: {units: 16, bias: false}}}
      key: {dense_6: {dense: {units: 16, bias: false}}}
      value: {dense_7: {dense: {units: 16, bias: false}}}
  sum_3: {add: {main: {}, shortcut: {from: normalize}}}
  norm_2: layer_norm
  join:
    concat:
      a: {slice_channels: {slice_channels: {stop: 8}}}
      b:
        slice_channels_2: {slice_channels: 8}
        norm_3: {layer_norm: {epsilon: 1e-5, scale: false, shift: false}}
  global_max_pool: global_max_pool
"""


def test_attention(tmp_path):
    text = imported(attending(), tmp_path / "net.keras")
    assert text.partition("layers:\n")[2] == ATTENDING


def test_norms_without_scale_or_shift(tmp_path):
    image = x = L.Input((8, 8, 4))
    x = L.BatchNormalization(scale=False)(L.Conv2D(4, 1)(x))
    x = L.GroupNormalization(2, scale=False, center=False)(x)
    x = L.LayerNormalization(center=False)(x)
    text = imported(keras.Model(image, x), tmp_path / "norms.keras")
    assert "scale: false}" in text
    assert "group_norm: {epsilon: 1e-3, scale: false, shift: false}" in text
    assert "layer_norm: {epsilon: 1e-3, shift: false}" in text


def test_a_model_that_is_called_twice_is_a_block_that_runs_again(tmp_path):
    encoder = keras.Sequential(
        [L.Input((8, 8, 3)), L.Conv2D(4, 3), L.BatchNormalization(), L.Conv2D(4, 3)],
        name="encoder",
    )
    images = [L.Input((8, 8, 3), name=name) for name in ("left", "right")]
    x = L.Concatenate()([encoder(image) for image in images])
    text = imported(keras.Model(images, x), tmp_path / "net.keras")
    assert "  encoder_2: {again: encoder, from: right}\n" in text


def test_models_within_models(tmp_path):
    inner = keras.Sequential(
        [L.Input((8, 8, 4)), L.Conv2D(4, 3, padding="same", name="filter"), L.ReLU()],
        name="inner",
    )
    a = L.Input((8, 8, 4), name="a")
    b = L.Input((8, 8, 4), name="b")
    x = L.Add()([inner(a), b])
    pair = keras.Model([a, b], [x, L.Conv2D(2, 1)(x)], name="pair")
    one, other = L.Input((8, 8, 4), name="one"), L.Input((8, 8, 4), name="other")
    whole = keras.Model([one, other], pair([L.Conv2D(4, 1)(other), one]))
    text = imported(whole, tmp_path / "whole.keras")
    assert "filter" in text


def named(layer):
    """A classifier whose layers begin alike, as those of `keras.applications`."""
    image = x = L.Input((16, 16, 8))
    for n in range(1, 4):
        y = layer(16, name=f"block_{n}_expand")(x)
        y = L.BatchNormalization(name=f"block_{n}_expand_BN")(y)
        y = L.ReLU(6.0, name=f"block_{n}_expand_relu")(y)
        y = L.DepthwiseConv2D(
            3, padding="same", use_bias=False, name=f"block_{n}_depthwise"
        )(y)
        y = L.BatchNormalization(name=f"block_{n}_depthwise_BN")(y)
        y = L.ReLU(6.0, name=f"block_{n}_depthwise_relu")(y)
        y = layer(8, name=f"block_{n}_project")(y)
        y = L.BatchNormalization(name=f"block_{n}_project_BN")(y)
        x = L.Add(name=f"block_{n}_add")([x, y])
    return keras.Model(image, x)


def test_names_that_begin_alike_are_blocks(tmp_path):
    model = named(lambda n, name: L.Conv2D(n, 1, use_bias=False, name=name))
    text = imported(model, tmp_path / "net.keras")
    assert text.partition("layers:\n")[2] == (
        "  inverted_residual: {inverted_residual: {filters: 8, expand: 2}, repeat: 3}\n"
    )


def refused(model, path):
    """What is said of a model that no spec describes."""
    model.save(path)
    with pytest.raises(archspec.ImportFailed) as caught:
        archspec.import_model(path)
    return str(caught.value)


def test_all_that_is_lacking_is_said_at_once(tmp_path):
    image = x = L.Input((8, 8, 4))
    x = L.Lambda(lambda x: x, name="own")(x)
    y = L.Activation("selu")(L.BatchNormalization(axis=1)(image))
    text = refused(keras.Model(image, [L.ELU()(x), y]), tmp_path / "net.keras")
    assert "error[AS703]: Lambda: the language has no such operation (1 time)" in text
    assert "in own of" in text
    assert "BatchNormalization: normalisation over axes [1]" in text
    assert "error[AS703]: ELU: the language has no such operation (1 time)" in text


def test_a_layer_that_is_called_twice_runs_again(tmp_path):
    image = x = L.Input((8, 8, 4))
    conv = L.DepthwiseConv2D(3, padding="same", name="twice")
    inner = keras.Sequential([L.Input((8, 8, 4)), conv], name="inner")
    model = keras.Model(image, inner(L.ReLU()(inner(x))))
    text = imported(model, tmp_path / "n.keras")
    assert "twice_2: {again: twice}" in text


def rewritten(path, change):
    """The archive with another configuration."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    config = json.loads(members["config.json"])
    changed = change(config)
    members["config.json"] = changed or json.dumps(config)
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)


def cyclic(config):
    first, second = config["config"]["layers"][1:3]
    refs = [each["inbound_nodes"][0]["args"][0] for each in (first, second)]
    refs[0]["config"]["keras_history"][0] = second["name"]


def unknown(config):
    call = config["config"]["layers"][1]["inbound_nodes"][0]
    call["args"][0]["config"]["keras_history"][1] = 7


def nested(config):
    start = '{"class_name": "Functional", "config": {"name": "m", "layers": ['
    return start * 2000 + "]}}" * 2000


def endless(config):
    """Models that call a model twice, which calls another one twice, and so on."""
    numbers = count()
    inner = config
    for _ in range(25):
        name = f"m{next(numbers)}"

        def ref(layer, call):
            about = {"shape": [None, 8, 8, 4], "keras_history": [layer, call, 0]}
            return [{"class_name": "__keras_tensor__", "config": about}]

        layers = [
            config["config"]["layers"][0],
            {
                **inner,
                "name": name,
                "config": {**inner["config"], "name": name},
                "inbound_nodes": [
                    {"args": ref("image", 0), "kwargs": {}},
                    {"args": ref(name, 1), "kwargs": {}},
                ],
            },
        ]
        outer = {"layers": layers, "input_layers": ["image", 0, 0]}
        inner = {
            "class_name": "Functional",
            "module": "keras",
            "config": {"name": "x", **outer, "output_layers": [name, 2, 0]},
        }
    return json.dumps(inner)


def without_size(config):
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, None, None, 4]


def no_kernel(config):
    config["config"]["layers"][1]["config"]["name"] = "other"


@pytest.mark.parametrize(
    "change",
    [cyclic, unknown, nested, endless, without_size, no_kernel, lambda _: "[]"],
)
def test_hostile_configurations(tmp_path, change):
    path = tmp_path / "net.keras"
    image = L.Input((8, 8, 4), name="image")
    x = L.Activation("relu")(L.Conv2D(4, 1, use_bias=False)(image))
    keras.Model(image, x).save(path)
    rewritten(path, change)
    with pytest.raises(archspec.ImportFailed, match=r"error\[AS70[13]\]"):
        archspec.import_model(path)


def looped(file):
    """Each level doubles the ways, of which there are more than can be walked."""
    file["layers/again"] = file["layers"]
    file["layers/once_more"] = file["layers"]


def huge(file):
    """Of which no byte is stored."""
    del file["layers/conv2d/vars/0"]
    shape = 10**5, 10**5, 10
    file.create_dataset("layers/conv2d/vars/0", shape, "f4", chunks=(10, 10, 10))


def zipped(file):
    del file["layers/conv2d/vars/0"]
    zeros = np.zeros((1, 1, 4, 2**20), "f4")
    file.create_dataset("layers/conv2d/vars/0", data=zeros, compression="gzip")


@pytest.mark.parametrize(
    ("change", "why"),
    [(looped, "several names"), (huge, "its bytes"), (zipped, "its bytes")],
)
def test_hostile_weights(tmp_path, change, why):
    path = tmp_path / "net.keras"
    image = L.Input((8, 8, 4))
    keras.Model(image, L.Conv2D(4, 1, name="conv2d")(image)).save(path)
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    data = BytesIO(members["model.weights.h5"])
    with h5py.File(data, "r+") as file:
        change(file)
    members["model.weights.h5"] = data.getvalue()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    with pytest.raises(archspec.ImportFailed, match=why) as caught:
        archspec.import_model(path)
    assert "error[AS701]" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04."])
def test_files_of_another_kind(tmp_path, content):
    path = tmp_path / "net.keras"
    path.write_bytes(content)
    with pytest.raises(archspec.ImportFailed, match=r"error\[AS701\]: cannot read"):
        archspec.import_model(path)


@pytest.mark.full
def test_a_model_of_keras_by_its_name():
    found = archspec.import_model(
        "keras:MobileNetV2", call="alpha=0.35, classes=10", size=(3, 32, 32)
    )
    assert found.network.parameters == 423_018
    assert found.difference is not None
    assert found.difference < 1e-12
    assert "inverted_residual: {filters: c, stride: s}" in found.text


def test_the_part_before_what_is_lacking(tmp_path):
    """A layer's own name, or what the names of several begin with."""
    image = x = L.Input((8, 8, 4))
    inner = keras.Sequential([L.Input((8, 8, 4)), L.Conv2D(4, 1)], name="inner")
    x = L.Conv2D(4, 1, activation="relu", name="block_1_expand")(inner(x))
    x = L.Conv2D(4, 1, name="block_1_project")(x)
    x = L.ReLU(name="last")(L.ELU(name="odd")(x))
    path = saved(keras.Model(image, x), tmp_path / "net.keras")
    with pytest.raises(archspec.ImportFailed, match=r"--until block\.?_?1"):
        archspec.import_model(path)
    parts = {
        name: len(archspec.import_model(path, until=name).names)
        for name in ("inner", "block_1_expand", "block_1")
    }
    assert parts == {"inner": 2, "block_1_expand": 4, "block_1": 6}
