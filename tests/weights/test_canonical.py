"""The canonical file: what is written, and what is refused."""

from __future__ import annotations

import json
import os
import struct

import numpy as np
import pytest

pytest.importorskip("safetensors")

from safetensors.numpy import load_file, save_file

from archspec.elaboration import elaborate
from archspec.errors import FileRefused, WeightsError
from archspec.weights import canonical
from archspec.weights.initial import fresh

SPEC = """
archspec: 1
name: Small
input: {channels: 2, size: 4}
classes: 3
defaults: {conv: {padding: same, bias: false}, batch_norm: {epsilon: 1e-3, decay: 0.9}}
layers:
  conv: {conv: {filters: 4, kernel: 3}}
  norm: batch_norm
  pool: global_avg_pool
  classifier: {dense: classes}
variants: {wide: {layers: {conv: {conv: {filters: 8}}}}}
"""


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return elaborate(path)


@pytest.fixture
def refused(tmp_path, network):
    """The diagnostics for a file of these tensors, as code and message."""

    def read(tensors, **said: str):
        path = tmp_path / "weights.safetensors"
        save_file(tensors, path, canonical.origin(network) | said)
        with pytest.raises(WeightsError) as caught:
            canonical.read(path, network)
        return [(found.code, found.message) for found in caught.value.diagnostics]

    return read


def test_there_and_back(network, tmp_path):
    weights, path = fresh(network, 1), tmp_path / "new" / "w.safetensors"
    canonical.write(path, network, weights)
    back = canonical.read(path, network)
    assert back.keys() == weights.keys() == network.weight_shapes.keys()
    assert all(np.array_equal(back[name], weights[name]) for name in weights)
    assert [p.name for p in path.parent.iterdir()] == ["w.safetensors"]


def test_what_the_file_says(network, tmp_path):
    path = tmp_path / "w.safetensors"
    canonical.write(path, network, fresh(network))
    assert canonical.metadata(path) == {
        "archspec": "weights 1",
        "spec": "small",
        "variant": "",
        "digest": network.spec.digest,
    }
    assert set(load_file(path)) == {
        "conv.weight", "norm.scale", "norm.shift", "norm.mean", "norm.variance",
        "classifier.weight", "classifier.bias",
    }  # fmt: skip


def test_the_same_bytes_each_time(network, tmp_path):
    """safetensors writes what is said of the file in any order."""
    contents = set()
    for number in range(5):
        path = tmp_path / f"{number}.safetensors"
        canonical.write(path, network, fresh(network))
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_seeds(network):
    one, same, other = fresh(network, 1), fresh(network, 1), fresh(network, 2)
    assert np.array_equal(one["conv.weight"], same["conv.weight"])
    assert not np.array_equal(one["conv.weight"], other["conv.weight"])


def test_an_existing_file_is_kept(network, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_text("mine")
    with pytest.raises(FileRefused) as caught:
        canonical.write(path, network, fresh(network))
    assert str(caught.value) == f"{path} exists; --force overwrites it"
    assert path.read_text() == "mine"
    canonical.write(path, network, fresh(network), force=True)
    assert len(canonical.read(path, network)) == 7


def test_only_a_file_is_replaced(network, tmp_path):
    """No pipe or device, folder or link, whatever is forced."""
    pipe, folder, link = (tmp_path / name for name in ("pipe", "folder", "link"))
    os.mkfifo(pipe)
    folder.mkdir()
    link.symlink_to(tmp_path / "nowhere")
    for path in (pipe, folder, link):
        with pytest.raises(FileRefused) as caught:
            canonical.write(path, network, fresh(network), force=True)
        assert str(caught.value) == f"{path} is not a file"


def test_a_name_too_long(network, tmp_path):
    path = tmp_path / ("w" * 300)
    with pytest.raises(WeightsError) as caught:
        canonical.write(path, network, fresh(network))
    (found,) = caught.value.diagnostics
    assert found.message == f"cannot write {path}: File name too long"


def test_nothing_partial(network, tmp_path):
    """A folder that takes no file is told, and nothing is left in it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(WeightsError) as caught:
        canonical.write(tmp_path / "file" / "w.safetensors", network, fresh(network))
    (found,) = caught.value.diagnostics
    assert found.code == "AS511"
    where = tmp_path / "file" / "w.safetensors"
    assert found.message == f"cannot write {where}: Not a directory"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "small.yaml"]


def test_too_large_for_float32(network, tmp_path):
    weights = {n: a.astype(np.float64) for n, a in fresh(network).items()}
    weights["classifier.bias"][:] = [1e300, 0, -1e300]
    with pytest.raises(WeightsError) as caught:
        canonical.write(tmp_path / "w.safetensors", network, weights)
    (found,) = caught.value.diagnostics
    assert found.message == "'classifier.bias' has 2 of 3 numbers that are not finite"


def test_names(network, refused):
    weights = dict(fresh(network))
    weights["conv.wieght"] = weights.pop("conv.weight")
    assert refused(weights) == [
        ("AS512", "weight 'conv.weight' (4, 2, 3, 3) is missing"),
        ("AS512", "the network has no weight 'conv.wieght' (4, 2, 3, 3)"),
    ]


def test_shapes(network, refused):
    weights = dict(fresh(network)) | {"norm.mean": np.zeros(8, np.float32)}
    assert refused(weights) == [
        ("AS513", "'norm.mean' is (8), but the network expects (4)")
    ]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("int64", "'norm.mean' holds int64, but weights are floating-point"),
        ("float64", "'norm.mean' holds float64, but canonical weights are float32"),
        ("float16", "'norm.mean' holds float16, but canonical weights are float32"),
    ],
)
def test_kinds(network, refused, kind, message):
    weights = dict(fresh(network)) | {"norm.mean": np.zeros(4, kind)}
    assert refused(weights) == [("AS514", message)]


def test_numbers(network, refused):
    odd = np.array([1, np.nan, np.inf, 0], np.float32)
    weights = dict(fresh(network)) | {"norm.mean": odd}
    message = "'norm.mean' has 2 of 4 numbers that are not finite"
    assert refused(weights) == [("AS515", message)]


def test_many_faults_are_counted(tmp_path):
    """Twenty are told in full."""
    network = elaborate("mobilenetv2")
    with pytest.raises(WeightsError) as caught:
        canonical.write(tmp_path / "w.safetensors", network, {})
    assert len(caught.value.diagnostics) == 20
    assert caught.value.more == len(network.weight_shapes) - 20
    assert str(caught.value).endswith(f"and {caught.value.more} more")


def test_a_file_of_something_else(network, refused):
    (found,) = refused(fresh(network), archspec="pictures")
    assert found[0] == "AS511"
    assert found[1].endswith("weights.safetensors is not a file of canonical weights")


def header(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 7,
        b"\xff" * 64,
        header(b"{"),
        header(b"[]"),
        header(b'{"a": 1}'),
        header(json.dumps({"a": {"dtype": "F32", "shape": [9],
                                 "data_offsets": [0, 36]}}).encode()),
        header(json.dumps({"a": {"dtype": "F32", "shape": [2**40, 2**40],
                                 "data_offsets": [0, 8]}}).encode()) + b"12345678",
    ],
)  # fmt: skip
def test_corrupt_files(network, tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        canonical.read(path, network)
    assert {found.code for found in caught.value.diagnostics} == {"AS511"}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_cut_files(network, tmp_path, share):
    path = tmp_path / "w.safetensors"
    canonical.write(path, network, fresh(network))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsError):
        canonical.read(path, network)
