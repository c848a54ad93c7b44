"""The formats of files of weights, written without the framework's models."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import h5py
import numpy as np
import torch

Arrays = dict[str, Any]

KERAS = {
    "conv": "conv2d",
    "norm": "batch_normalization",
    "again": "conv2d_1",
    "classifier": "dense",
}
CONFIG = {
    "config": {
        "layers": [
            {"class_name": name, "config": {"name": own}}
            for own, name in {
                "input": "InputLayer",
                "conv": "Conv2D",
                "norm": "BatchNormalization",
                "again": "Conv2D",
                "classifier": "Dense",
            }.items()
        ]
    }
}


def pickled(arrays: Arrays, new: bool) -> bytes:
    data = io.BytesIO()
    state = {
        name: torch.from_numpy(array) if isinstance(array, np.ndarray) else array
        for name, array in arrays.items()
    }
    torch.save(state, data, _use_new_zipfile_serialization=new)
    return data.getvalue()


def _by_layer(arrays: Arrays) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, array in arrays.items():
        layer = name.partition("/")[0]
        found.setdefault(layer, []).append(array)
    return found


def hdf5(arrays: Arrays) -> bytes:
    """As `save_weights` of Keras 3 writes it."""
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        for layer, own in _by_layer(arrays).items():
            group = file.create_group(f"layers/{KERAS.get(layer, layer)}/vars")
            group.attrs["name"] = layer
            for number, array in enumerate(own):
                group[str(number)] = array
    return data.getvalue()


def listed_hdf5(arrays: Arrays) -> bytes:
    """As Keras 2 wrote it."""
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        layers = list(dict.fromkeys(name.partition("/")[0] for name in arrays))
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer in layers:
            own = [name for name in arrays if name.partition("/")[0] == layer]
            group = file.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in own]
            for name in own:
                group[name] = arrays[name]
    return data.getvalue()


def archive(arrays: Arrays) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("metadata.json", "{}")
        file.writestr("config.json", json.dumps(CONFIG))
        file.writestr("model.weights.h5", hdf5(arrays))
    return data.getvalue()
