"""Files of weights: our own, and those that users of each target save and load."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archspec.errors import WeightsError, needed
from archspec.frameworks import FRAMEWORKS
from archspec.network import Network
from archspec.targets.templates import manifest
from archspec.weights import canonical, keras_file
from archspec.weights.checkpoints import opened
from archspec.weights.checkpoints.flax import save_orbax
from archspec.weights.checks import Arrays
from archspec.weights.moves import from_target, to_target
from archspec.weights.output import replacing

WRITTEN = (None, *(name for name, known in FRAMEWORKS.items() if known.writes))
READ = (None, *(name for name, known in FRAMEWORKS.items() if known.reads))
"""Targets with such files; None is the canonical file."""


def write(
    path: Path,
    network: Network,
    weights: Arrays,
    target: str | None = None,
    force: bool = False,
) -> None:
    """Write canonical weights, or what the target's generated module loads.

    PyTorch's `load_state_dict(strict=True)` takes it as a .safetensors, .pth or .pt
    file, Keras's `load_weights` as .weights.h5, Flax as .safetensors, whose names are
    the paths in its state, or as an Orbax folder .orbax; an .onnx model has them in it,
    its batch norms folded.

    Raises:
        WeightsError: the weights do not fit, or the file's name has another suffix.
        FileRefused: there is such a file, and no `force`.
        FrameworkMissing: what writes such files is not installed.
    """
    if target is None:
        canonical.write(path, network, weights, force)
        return
    _check_suffix(path, FRAMEWORKS[target].writes)
    if target == "onnx":
        content = needed("archspec.targets.onnx").file(network, weights)
        with replacing(path, force) as temporary:
            temporary.write_bytes(content)
        return
    state = _state(network, target, weights)
    if path.suffix == ".safetensors":
        said = {"format": manifest(target)["safetensors"]}
        canonical.write_tensors(path, state, said, force)
        return
    with replacing(path, force) as temporary:
        if target == "keras":
            keras_file.save(temporary, network, state, path)
        elif path.suffix == ".orbax":
            save_orbax(temporary, state)
        else:
            _save_pickled(temporary, state)


def read(path: Path, network: Network, target: str | None = None) -> Arrays:
    """Canonical weights of such a file; nothing that is in it is run.

    Raises:
        WeightsError: it cannot be read, or does not fit.
        FrameworkMissing: what reads such files is not installed.
    """
    if target is None:
        return canonical.read(path, network)
    _check_suffix(path, FRAMEWORKS[target].reads)
    found = keras_file.load(path, network) if target == "keras" else _tensors(path)
    return from_target(network, manifest(target), found)


def _tensors(path: Path) -> Arrays:
    with opened(path) as checkpoint:
        return {
            tensor.name: tensor.values()
            for unit in checkpoint.units
            for tensor in unit.tensors.values()
        }


def _state(network: Network, target: str, weights: Arrays) -> Arrays:
    """The weights as the target names and orders them, and PyTorch's counters."""
    names = manifest(target)
    found = to_target(network, names, weights)
    state = {name: np.ascontiguousarray(array) for name, array in found.items()}
    norms = [layer.path for layer in network.layers if layer.op == "batch_norm"]
    counters = [f"{path}.{names['counter']}" for path in norms if "counter" in names]
    return state | {name: np.zeros((), np.int64) for name in counters}


def _save_pickled(path: Path, state: Arrays) -> None:
    torch = needed("torch")
    torch.save({name: torch.from_numpy(array) for name, array in state.items()}, path)


def _check_suffix(path: Path, known: tuple[str, ...]) -> None:
    if not path.name.endswith(known):
        message = f"{path} does not end in {' or '.join(known)}"
        raise WeightsError.single("AS511", message)
