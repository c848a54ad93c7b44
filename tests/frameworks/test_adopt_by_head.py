"""Queries, keys and values of one layer, stored head by head."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from archspec.api.network import Network
from archspec.errors import InvalidArgument, WeightsError

NET = """
name: Net
input: {channels: 3, size: 4}
layers:
  qkv: {conv: {filters: 3 * 6, bias: true}}
  attend: {attention: 2}
  project: {dense: 5}
"""


@pytest.fixture
def theirs(tmp_path):
    """Two heads of 3 channels, each with its query, key and value."""
    image = keras.Input((4, 4, 3))
    x = layers.Conv2D(18, 1)(image)
    x = layers.Reshape((16, 2, 9))(x)
    q, k, v = ops.split(x, 3, axis=-1)
    scores = ops.softmax(ops.einsum("nqhc,nkhc->nhqk", q, k) / 3**0.5)
    x = ops.einsum("nhqk,nkhc->nqhc", scores, v)
    x = layers.Reshape((4, 4, 6))(x)
    model = keras.Model(image, layers.Dense(5)(x))
    random = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(random.normal(size=variable.shape))
    model.save(tmp_path / "a.keras")
    return tmp_path / "a.keras"


def test_thirds_of_what_is_stored_by_head(network, theirs):
    net = Network.of(network(NET).network)
    found = net.adopt(theirs, qkv_by_head=True)
    kernel, bias = keras.saving.load_model(theirs).layers[1].get_weights()
    rows = [0, 1, 2, 9, 10, 11, 3, 4, 5, 12, 13, 14, 6, 7, 8, 15, 16, 17]
    ours = found.arrays["qkv.weight"][:, :, 0, 0]
    assert np.array_equal(ours, kernel[0, 0].T[rows].astype("float32"))
    assert np.array_equal(found.arrays["qkv.bias"], bias[rows].astype("float32"))


@pytest.mark.full
def test_outputs_tell_the_order(network, theirs):
    net = Network.of(network(NET).network)
    with pytest.raises(WeightsError) as caught:
        net.adopt(theirs, verify=str(theirs))
    assert caught.value.diagnostics[0].help == (
        "the outputs are equal with --qkv-by-head"
    )


def test_no_attention_reads_one_tensor(network, theirs):
    text = NET.replace("{attention: 2}", "{conv: {filters: 6, kernel: 1}}")
    net = Network.of(network(text).network)
    net.init_weights().save(theirs.with_suffix(".safetensors"))
    with pytest.raises(InvalidArgument) as caught:
        net.adopt(theirs.with_suffix(".safetensors"), qkv_by_head=True)
    assert str(caught.value) == (
        "--qkv-by-head needs a layer with weights that attention without branches reads"
    )
