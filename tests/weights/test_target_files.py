"""Weights in files of PyTorch, Keras and ONNX: generated modules take and give them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")

import jax
import torch
from exchange import by_layers, difference, doubles, imported

from archspec.elaboration import elaborate
from archspec.errors import FrameworkMissing, WeightsError
from archspec.targets import render
from archspec.verification.random_data import random_images, random_weights
from archspec.weights import canonical, files
from archspec.weights.initial import fresh

SPECS = ["mobilenetv1", "mobilenetv3_large", "shufflenetv2", "unet"]
USE_KERAS = """
import sys, keras
sys.path.insert(0, ".")
import module
model = getattr(module, sys.argv[1])()
model.load_weights("given.weights.h5")
model.save("saved.keras")
model.save_weights("saved.weights.h5")
model.save("saved.h5")
"""


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("suffix", ["safetensors", "pth", "pt"])
@pytest.mark.parametrize("spec", SPECS)
def test_torch(spec, suffix, tmp_path):
    """A strict load, and back from what the module saves."""
    network = elaborate(spec)
    weights, path = random_weights(network, 0), tmp_path / f"w.{suffix}"
    files.write(path, network, weights, "torch")
    module = getattr(imported(render(network, "torch")), network.name)().float()
    if suffix == "safetensors":
        from safetensors.torch import load_file

        state = load_file(path)
    else:
        state = torch.load(path, weights_only=True)
    module.load_state_dict(state, strict=True)
    assert state.keys() == module.state_dict().keys()
    torch.save(module.state_dict(), tmp_path / "saved.pth")
    assert_same(files.read(tmp_path / "saved.pth", network, "torch"), weights)
    assert_same(files.read(path, network, "torch"), weights)


def load_safetensors(nnx, model, path):
    from safetensors.flax import load_file

    arrays = load_file(path)
    state = nnx.state(model, (nnx.Param, nnx.BatchStat))
    for keys, variable in nnx.to_flat_state(state):
        variable[...] = arrays[".".join(map(str, keys))]
    nnx.update(model, state)


def load_orbax(nnx, model, path):
    import orbax.checkpoint as ocp

    state = nnx.state(model, (nnx.Param, nnx.BatchStat))
    with ocp.StandardCheckpointer() as checkpointer:
        nnx.update(model, checkpointer.restore(path, state))


def save_orbax(nnx, model, path):
    import orbax.checkpoint as ocp

    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(path, nnx.state(model, (nnx.Param, nnx.BatchStat)))


@pytest.mark.parametrize("load", [load_safetensors, load_orbax])
def test_nnx(load, tmp_path):
    """As the documentation loads it, and back from that and from what Orbax saves."""
    nnx = pytest.importorskip("flax.nnx")
    network = elaborate("shufflenetv2", (), ["input.size=64"])
    weights = random_weights(network, 0)
    path = tmp_path / f"weights.{load.__name__.removeprefix('load_')}"
    files.write(path, network, weights, "nnx")
    made = getattr(imported(render(network, "nnx")), network.name)
    abstract = nnx.eval_shape(lambda: made(rngs=nnx.Rngs(0)))
    graph, state, rest = nnx.split(abstract, (nnx.Param, nnx.BatchStat), ...)
    blank = jax.tree.map(lambda leaf: jax.numpy.zeros(leaf.shape), state)
    model = nnx.merge(graph, blank, rest)
    load(nnx, model, path)
    model.eval()
    images = random_images(network, 0)
    found = np.asarray(nnx.jit(model)(np.moveaxis(images, 1, -1)))
    assert difference({"": found}, by_layers(network, weights, images)) < 1e-4
    save_orbax(nnx, model, tmp_path / "saved.orbax")
    assert_same(files.read(path, network, "nnx"), weights)
    assert_same(files.read(tmp_path / "saved.orbax", network, "nnx"), weights)


def test_keras_variables_by_their_paths(tmp_path):
    """Written and read without Keras."""
    network, path = elaborate("mobilenetv1", ["0.25_128"]), tmp_path / "w.safetensors"
    weights = random_weights(network, 0)
    files.write(path, network, weights, "keras")
    arrays, images = canonical.tensors(path), random_images(network, 0)
    with doubles():
        model = getattr(imported(render(network, "keras")), network.name)()
        assert arrays.keys() == {variable.path for variable in model.weights}
        for variable in model.weights:
            variable.assign(arrays[variable.path])
        output = np.asarray(model(np.moveaxis(images, 1, -1), training=False))
    expected = by_layers(network, weights, images)
    assert difference({"": output}, expected) < 1e-9
    assert_same(files.read(path, network, "keras"), weights)


@pytest.mark.full
@pytest.mark.parametrize("spec", ["unet"])
def test_keras(spec, tmp_path):
    """A load by a user's own process, and back from all that Keras saves."""
    network = elaborate(spec, (), ["input.size=[64, 96]"])
    weights = random_weights(network, 0)
    files.write(tmp_path / "given.weights.h5", network, weights, "keras")
    (tmp_path / "module.py").write_text(render(network, "keras"), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", USE_KERAS, network.name],
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        check=True,
        capture_output=True,
    )
    for name in ("saved.weights.h5", "saved.keras", "saved.h5"):
        assert_same(files.read(tmp_path / name, network, "keras"), weights)


def test_onnx(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    network = elaborate("squeezenet_1_1", (), ["input.size=64"])
    weights, path = random_weights(network, 0), tmp_path / "w.onnx"
    files.write(path, network, weights, "onnx")
    images = random_images(network, 0)
    (output,) = runtime.InferenceSession(path).run(None, {"input": images})
    expected = by_layers(network, weights, images)
    assert difference({"": output}, expected) < 1e-4


class TestRefusals:
    @pytest.fixture
    def network(self):
        return elaborate("tutorials/standard_convolution")

    def read(self, target, path, network):
        with pytest.raises(WeightsError) as caught:
            files.read(path, network, target)
        return caught.value.diagnostics[0]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("w.pth", b""), ("w.pth", b"not a checkpoint"), ("w.pt", b"PK\x03\x04"),
            ("w.bin", b"\x80\x04K\x01."), ("w.safetensors", b"x" * 40),
        ],
    )  # fmt: skip
    def test_broken_torch_files(self, network, tmp_path, name, content):
        path = tmp_path / name
        path.write_bytes(content)
        found = self.read("torch", path, network)
        assert found.code == "AS511"
        assert found.message.startswith(f"cannot read {path}: ")

    def test_code_in_a_pickle_is_not_run(self, network, tmp_path):
        class Harm:
            def __reduce__(self):
                return Path(tmp_path / "harm").write_text, ("done",)

        path = tmp_path / "w.pth"
        torch.save({"conv.weight": Harm()}, path)
        assert self.read("torch", path, network).code == "AS511"
        assert not (tmp_path / "harm").exists()

    @pytest.mark.parametrize(
        ("target", "name", "known"),
        [
            ("torch", "w.h5", ".safetensors or .pth or .pt or .bin or .ckpt or .tar"),
            ("keras", "w.npz", ".weights.h5 or .safetensors or .keras or .h5"),
        ],
    )
    def test_unknown_suffix(self, network, tmp_path, target, name, known):
        found = self.read(target, tmp_path / name, network)
        assert found.message == f"{tmp_path / name} does not end in {known}"

    def test_an_archive_without_weights(self, network, tmp_path):
        path = tmp_path / "w.keras"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", "{}")
        found = self.read("keras", path, network)
        assert found.code == "AS511"
        assert found.message.startswith(f"cannot read {path}: ")

    @pytest.mark.parametrize("name", ["w.weights.h5", "w.h5", "w.keras"])
    def test_a_broken_keras_file(self, network, tmp_path, name):
        path = tmp_path / name
        path.write_bytes(b"no hdf5")
        found = self.read("keras", path, network)
        assert found.code == "AS511"
        assert found.message.startswith(f"cannot read {path}: ")

    def test_a_keras_file_with_more(self, network, tmp_path):
        h5py = pytest.importorskip("h5py")
        path = tmp_path / "w.weights.h5"
        with h5py.File(path, "w") as file:
            for name in ("conv2d", "conv2d_1"):
                file[f"layers/{name}/vars/0"] = np.zeros((3, 3, 3, 128), np.float32)
        found = self.read("keras", path, network)
        message = f"{path} has 2 tensors, but the network has 1"
        assert (found.code, found.message) == ("AS512", message)

    @pytest.mark.parametrize(
        ("missing", "extra", "writer", "name"),
        [
            ("onnx", "onnx", "onnx", "w.onnx"), ("torch", "torch", "torch", "w.pth"),
            ("safetensors", "weights", None, "w.safetensors"),
        ],
    )  # fmt: skip
    def test_a_missing_framework(
        self, network, tmp_path, monkeypatch, missing, extra, writer, name
    ):
        for module in [*sys.modules]:
            if module.partition(".")[0] == missing or "targets.onnx" in module:
                monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, missing, None)
        with pytest.raises(FrameworkMissing) as caught:
            files.write(tmp_path / name, network, fresh(network), writer)
        assert str(caught.value) == (
            f"this needs {missing}, which is not installed\n"
            f"   help: pip install 'archspec-nn[{extra}]'"
        )
        assert not list(tmp_path.iterdir())
