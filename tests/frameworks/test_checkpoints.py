"""Files of checkpoints: what they may be wrapped in, other precisions, broken ones."""

from __future__ import annotations

import argparse
import json
import os
import pickle
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import torch
from originals import save_keras, save_state
from safetensors.torch import save_file
from typer.testing import CliRunner

from archspec.cli.commands import program
from archspec.errors import WeightsError
from archspec.weights.adoption import adopt
from archspec.weights.canonical import read

NET = """
layers:
  stem: {conv_bn_act: {filters: 4, kernel: 3}}
  pool: global_avg_pool
  classifier: {dense: classes}
"""
AS_IN_KERAS = (
    "defaults.conv.padding=valid",
    "defaults.batch_norm={epsilon: 0.001, decay: 0.99}",
    "defaults.activation=identity",
)
UNSTATED = (
    "note: the file does not state strides, padding, epsilon, decay or activations\n"
)
KERAS = ["a.weights.h5", "a.keras", "whole.h5", "old.h5"]


@pytest.fixture
def net(network):
    return network(NET).network


@pytest.fixture
def state():
    module = torch.nn.ModuleDict(
        {
            "conv": torch.nn.Conv2d(6, 4, 3, bias=False),
            "bn": torch.nn.BatchNorm2d(4),
            "fc": torch.nn.Linear(4, 5),
        }
    )
    return {name: tensor.float() for name, tensor in module.state_dict().items()}


@pytest.fixture(scope="module")
def model(float64):
    keras.backend.clear_session()
    inputs = keras.Input((9, 12, 6))
    x = keras.layers.Normalization()(inputs)  # whose statistics are no weights either
    x = keras.layers.Conv2D(4, 3, use_bias=False, name="first")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.5)(x)
    outputs = keras.layers.Dense(5, name="last")(x)
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse")  # whose state is no weight of a layer
    model.train_on_batch(np.zeros((1, 9, 12, 6)), np.zeros((1, 5)))
    return model


def refused(path, net, **options) -> tuple[str, str, str]:
    with pytest.raises(WeightsError) as caught:
        adopt(net, path, **options)
    (found,) = caught.value.diagnostics
    return found.code, found.message.replace(str(path), path.name), found.help


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "net", "ema"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
def test_wrappers_are_taken_off(net, state, tmp_path, wrapper, prefix):
    named = {prefix + name: tensor for name, tensor in state.items()}
    optimizer = {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 1}]}
    rest = {"epoch": 3, "optimizer": optimizer, "best": torch.ones(())}
    content = named if wrapper is None else {**rest, wrapper: named}
    torch.save(content, tmp_path / "a.ckpt")
    found = adopt(net, tmp_path / "a.ckpt")
    assert np.array_equal(found.weights["stem.conv.weight"], state["conv.weight"])


def test_entries(net, state, tmp_path):
    """One of several is chosen by its name, or by `key`."""
    path = tmp_path / "a.pth.tar"
    other = {name: 2 * tensor for name, tensor in state.items()}
    nested = {"ema": {"model": other}, "epoch": 3, "state_dict": state}
    torch.save(nested, path)

    def scale(key=""):
        found = adopt(net, path, key=key).weights["stem.conv.weight"]
        return float((found / state["conv.weight"].numpy()).mean())

    assert scale() == 1
    assert adopt(net, path).notes[0] == (
        "read entry 'state_dict' of the file; --key selects another: 'ema.model'"
    )
    assert scale("ema.model") == 2
    help = "did you mean 'ema.model'?"
    message = "cannot read a.pth.tar: it has no state dict 'ema.models'"
    assert refused(path, net, key="ema.models") == ("AS511", message, help)
    torch.save({"generator": state, "critic": other}, path)
    assert refused(path, net) == (
        "AS511",
        "cannot read a.pth.tar: it has several state dicts: 'generator', 'critic'",
        "choose one, such as --key generator",
    )
    save_file(state, tmp_path / "a.safetensors")
    message = "cannot read a.safetensors: only files of torch.save have entries (--key)"
    assert refused(tmp_path / "a.safetensors", net, key="ema")[:2] == ("AS511", message)


class Settings:
    """What a training script keeps beside the weights."""

    def __init__(self):
        self.lr, self.nested = 0.1, [argparse.Namespace(model="x"), Path("data")]


class Module(torch.nn.Module):
    def __init__(self, state):
        super().__init__()
        self.conv = torch.nn.Conv2d(6, 4, 3, bias=False)
        self.bn = torch.nn.BatchNorm2d(4)
        self.inner = torch.nn.Sequential(torch.nn.Linear(4, 5))
        self.load_state_dict(
            {k.replace("fc.", "inner.0."): v for k, v in state.items()}
        )


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_objects_are_passed_over_and_never_made(net, state, tmp_path, new, whole):
    """Classes that cannot be imported, and a whole module: only tensors are read."""
    path = tmp_path / "a.pt"
    model = Module(state).float() if whole else state
    content = {"args": argparse.Namespace(lr=0.1), "config": Settings(), "model": model}
    torch.save(content, path, _use_new_zipfile_serialization=new)
    data = path.read_bytes()
    assert b"argparse" in data
    path.write_bytes(data.replace(b"argparse", b"arcparse"))
    if new:  # zip keeps a checksum
        with zipfile.ZipFile(tmp_path / "b.pt", "w") as archive:
            torch.save(content, path)
            with zipfile.ZipFile(path) as before:
                for name in before.namelist():
                    changed = before.read(name).replace(b"argparse", b"arcparse")
                    archive.writestr(name, changed)
        path = tmp_path / "b.pt"
    found = adopt(net, path).weights
    assert np.array_equal(found["stem.norm.mean"], state["bn.running_mean"])
    assert np.array_equal(found["classifier.weight"], state["fc.weight"])


@pytest.mark.parametrize("new", [True, False])
def test_views_are_read(net, state, tmp_path, new):
    """Transposed, a part of a larger tensor, shared, of no elements."""
    wide = torch.arange(80.0).reshape(4, 20)
    state["fc.weight"] = wide.T[5:10]
    state["fc.bias"] = wide[1, 3:13:2]
    path = tmp_path / "a.pth"
    torch.save(state, path, _use_new_zipfile_serialization=new)
    found = adopt(net, path).weights
    assert np.array_equal(found["classifier.weight"], wide.T[5:10])
    assert np.array_equal(found["classifier.bias"], wide[1, 3:13:2])


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_precisions(net, state, tmp_path, kind, suffix):
    other = {
        name: tensor.to(getattr(torch, kind)) if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
    }
    path = tmp_path / f"a{suffix}"
    save_state(other, path)
    found = adopt(net, path).weights
    assert {str(array.dtype) for array in found.values()} == {"float32"}
    expected = other["fc.weight"].float().numpy()
    assert np.array_equal(found["classifier.weight"], expected)


@pytest.mark.parametrize("file", KERAS)
def test_a_trained_keras_model(network, model, tmp_path, file):
    net = network(NET, *AS_IN_KERAS).network
    save_keras(model, tmp_path / file)
    found = adopt(net, tmp_path / file).weights
    kernel = keras.ops.convert_to_numpy(model.get_layer("last").kernel)
    assert np.array_equal(found["classifier.weight"], kernel.T.astype("float32"))


@pytest.mark.parametrize("file", KERAS)
def test_norms_of_keras_without_scale_or_shift(network, float64, tmp_path, file):
    """Files of Keras 3 have numbers for names: the class says which weight is left."""
    keras.backend.clear_session()
    x = inputs = keras.Input((9, 12, 6))
    x = keras.layers.Conv2D(4, 1, use_bias=False)(x)
    x = keras.layers.BatchNormalization(scale=False)(x)
    x = keras.layers.Conv2D(4, 1, use_bias=False)(x)
    x = keras.layers.BatchNormalization(scale=False, center=False)(x)
    x = keras.layers.Conv2D(4, 1, use_bias=False)(x)
    x = keras.layers.LayerNormalization(center=False)(x)
    x = keras.layers.GroupNormalization(2, center=False)(x)
    x = keras.layers.RMSNormalization()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(5)(x))
    model.compile("adam", "mse")
    random = np.random.default_rng(1)
    model.set_weights([random.random(each.shape) for each in model.get_weights()])
    net = network("""
defaults:
  conv: {padding: valid, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.99}
layers:
  a: {conv: 4}
  an: {batch_norm: {scale: false}}
  b: {conv: 4}
  bn: {batch_norm: {scale: false, shift: false}}
  c: {conv: 4}
  layer: {layer_norm: {epsilon: 1e-3, shift: false}}
  group: {group_norm: {groups: 2, epsilon: 1e-3, shift: false}}
  root: {rms_norm: 1e-6}
  pool: global_avg_pool
  classifier: {dense: classes}
""").network
    save_keras(model, tmp_path / file)
    found = adopt(net, tmp_path / file).weights
    expected = model.layers[7].gamma, model.layers[8].scale, model.layers[2].beta
    for name, variable in zip(
        ("group.scale", "root.scale", "an.shift"), expected, strict=True
    ):
        array = keras.ops.convert_to_numpy(variable).astype("float32")
        assert np.array_equal(found[name], array), name


def test_the_command(net, state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_state(state, Path("a.pth"))
    rows = (
        "stem.conv   conv  (4, 6, 3, 3)\n"
        "stem.norm   bn    (4)\n"
        "classifier  fc    (5, 4)\n"
    )
    summary = "matched 3 layers, 257 numbers\n"
    command = ["weights", "adopt", "a.pth", "net.yaml"]
    done = CliRunner().invoke(program([]), command)
    assert (done.exit_code, done.stdout, done.stderr) == (0, summary, UNSTATED)
    done = CliRunner().invoke(program([]), [*command, "--mapping"])
    assert (done.exit_code, done.stdout, done.stderr) == (0, rows + summary, UNSTATED)
    done = CliRunner().invoke(program([]), [*command, "-o", "a.safetensors"])
    told = UNSTATED + "wrote a.safetensors: 7 tensors, 257 numbers\n"
    assert (done.exit_code, done.stdout, done.stderr) == (0, summary, told)
    assert np.array_equal(
        read(Path("a.safetensors"), net)["stem.norm.variance"], state["bn.running_var"]
    )
    done = CliRunner().invoke(program([]), [*command, "-o", "a.safetensors"])
    assert (done.exit_code, done.stdout, done.stderr) == (
        3,
        "",
        "refused: a.safetensors exists; --force overwrites it\n",
    )


class Hostile:
    """Touches a file when it is unpickled in the usual way."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_a_pickle_with_code_is_not_run(net, state, tmp_path):
    path, mark = tmp_path / "a.pth", tmp_path / "mark"
    torch.save({**state, "more": Hostile(mark)}, path)
    assert adopt(net, path).weights.keys() == net.weight_shapes.keys()
    path.write_bytes(pickle.dumps({**state, "more": Hostile(mark)}, 2))
    message = "cannot read a.pth: it is not a file of torch.save"
    assert refused(path, net) == ("AS511", message, "")
    assert not mark.exists()


@pytest.mark.parametrize("name", [b"__defaults__", b"__call__", b"x"])
def test_a_pickle_that_changes_what_it_calls(net, state, tmp_path, name):
    path = tmp_path / "a.pth"
    program = (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nN}X"
        + len(name).to_bytes(4, "little")
        + name
        + b")s\x86b0}."
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", program)
    message = "cannot read a.pth: it is not a file of torch.save"
    assert refused(path, net) == ("AS511", message, "")
    torch.save(state, path)
    assert adopt(net, path).weights.keys() == net.weight_shapes.keys()


@pytest.mark.parametrize(
    "program",
    [
        b"\x80\x04r\xff\xff\xff\xff.",  # an entry of a memory that would be huge
        b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.",  # bytes that are not there
        b"\x80\x02" + b"".join(b"cx\nc%d\n" % n for n in range(2000)) + b".",
        b"\x80\x02(U\x07storageK\x05K\x00U\x03cpuK\x01tQ.",
        b"",
    ],
)
def test_broken_programs(net, tmp_path, program):
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", program)
    message = "cannot read a.pth: it is not a file of torch.save"
    assert refused(path, net) == ("AS511", message, "")


def test_what_is_no_state_dict(net, state, tmp_path):
    path = tmp_path / "a.pth"
    help = "save the module's state_dict() by itself"
    message = "cannot read a.pth: it contains no state dict"
    torch.save([1, 2], path)
    assert refused(path, net) == ("AS511", message, help)
    state = {}
    state["model"] = state["other"] = [state, {**state}]
    torch.save(state, path)
    assert refused(path, net) == ("AS511", message, help)


def test_a_view_that_looks_large(net, state, tmp_path):
    """One number, said to be a hundred billion: the shape refuses it before."""
    state["fc.weight"] = torch.zeros(1).expand(10**5, 10**6)
    torch.save(state, tmp_path / "a.pth")
    assert refused(tmp_path / "a.pth", net)[:2] == (
        "AS513",
        "'fc' is (100000, 1000000), but 'classifier' is (5, 4)",
    )


@pytest.mark.parametrize(
    "file", ["a.pth", "a.safetensors", "a.weights.h5", "a.keras", "old.h5"]
)
@pytest.mark.parametrize("kept", [0, 0.01, 0.3, 0.6, 0.95])
def test_a_truncated_file(net, state, model, tmp_path, file, kept):
    path = tmp_path / file
    (save_keras if file in KERAS else save_state)(
        model if file in KERAS else state, path
    )
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    code, message, _ = refused(path, net)
    assert code == "AS511"
    assert message.startswith(f"cannot read {file}: ")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".keras", ".h5"])
def test_a_file_of_another_kind(net, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("PNG, or so " * 20)
    assert refused(path, net)[0] == "AS511"
    assert refused(tmp_path / f"none{suffix}", net)[0] == "AS511"
    (tmp_path / f"folder{suffix}").mkdir()
    assert refused(tmp_path / f"folder{suffix}", net)[0] == "AS511"


def test_contents_of_no_checkpoint(net, tmp_path):
    path = tmp_path / "a.pth"
    path.write_text("PNG")
    assert refused(path, net) == (
        "AS511",
        "cannot read a.pth: its content is not that of a checkpoint",
        "archspec reads files of PyTorch, safetensors, Keras and Orbax",
    )


def test_nothing_is_followed_out_of_a_file(net, model, tmp_path):
    path, other = tmp_path / "a.weights.h5", tmp_path / "b.weights.h5"
    for name in (path, other):
        save_keras(model, name)
    with h5py.File(path, "r+") as file:
        del file["layers/conv2d/vars/0"]
        file["layers/conv2d/vars/0"] = h5py.ExternalLink(other, "layers/conv2d/vars/0")
    message = "cannot read a.weights.h5: '0' in its /layers/conv2d/vars is a link"
    assert refused(path, net) == ("AS511", message, "")
    with h5py.File(path, "r+") as file:
        del file["layers/conv2d/vars/0"]
        file["layers/conv2d/vars"].create_dataset(
            "0", (3, 3, 6, 4), "f4", external=[(str(other), 0, 10**4)]
        )
    message = (
        "cannot read a.weights.h5: its layers/conv2d/vars/0 stores no data in this file"
    )
    assert refused(path, net) == ("AS511", message, "")


def test_a_group_in_itself(net, model, tmp_path):
    path = tmp_path / "a.weights.h5"
    save_keras(model, path)
    with h5py.File(path, "r+") as file:
        file["layers/loop"] = file["layers"]
    message = "cannot read a.weights.h5: its layers has several names"
    assert refused(path, net) == ("AS511", message, "")


def test_numbers_where_a_layer_should_be(net, model, tmp_path):
    """They are no group, and not read row by row, however many it says there are."""
    path = tmp_path / "a.weights.h5"
    save_keras(model, path)
    with h5py.File(path, "r+") as file:
        del file["layers/dense/vars"]
        file.create_dataset("layers/dense/vars", (10**6, 10**6), "f4", chunks=(1, 1))
    assert refused(path, net)[:2] == (
        "AS512",
        "missing in the file: 'classifier' (4, 5)",
    )


def test_archives_that_keras_does_not_write(net, model, tmp_path):
    path = tmp_path / "a.keras"
    save_keras(model, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    def said(parts, **options):
        with zipfile.ZipFile(path, "w", **options) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        return refused(path, net)[1].removeprefix("cannot read a.keras: ")

    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 6] = 206  # what one has to know to read it
    path.write_bytes(data)
    message = "cannot read a.keras: zip file version 20.6"
    assert refused(path, net) == ("AS511", message, "")
    zipped = said(parts, compression=zipfile.ZIP_DEFLATED)
    assert zipped == "its config.json is compressed, which Keras never does"
    weights = {"model.weights.h5": parts["model.weights.h5"]}
    assert said(weights) == "it contains no config.json"
    assert said({"x": b""}) == "it contains no config.json"
    for config in ("[" * 10**5, "{}", "[]", '{"config": {"layers": [3]}}', "\xff"):
        other = parts | {"config.json": config}
        assert said(other) == "its config.json lists no layers"
    assert json.loads(parts["config.json"])["class_name"] == "Functional"


def test_safetensors_of_integers(net, state, tmp_path):
    state["fc.bias"] = torch.arange(5)
    save_file(state, tmp_path / "a.safetensors")
    assert refused(tmp_path / "a.safetensors", net)[:2] == (
        "AS514",
        "'fc.bias' holds I64, but weights are floating-point",
    )
