"""The state dict of a generated PyTorch module, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import WeightsError, needed
from archspec.network import Network
from archspec.targets.templates import manifest
from archspec.weights import canonical
from archspec.weights.checkpoints import opened
from archspec.weights.checks import Arrays
from archspec.weights.moves import from_target, to_target
from archspec.weights.output import replacing

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")


def write(path: Path, network: Network, weights: Arrays, force: bool = False) -> None:
    """A file that `load_state_dict(strict=True)` takes: safetensors, .pth or .pt.

    Raises:
        WeightsError: the weights do not fit, or the file's name has another suffix.
        FileRefused: there is such a file, and no `force`.
        FrameworkMissing: PyTorch, for .pth and .pt.
    """
    _check_suffix(path)
    names = manifest("torch")
    state = _contiguous(to_target(network, names, weights)) | {
        f"{layer.path}.{names['counter']}": np.zeros((), np.int64)
        for layer in network.layers
        if layer.op == "batch_norm"
    }
    if path.suffix == ".safetensors":
        canonical.write_tensors(path, state, {"format": "pt"}, force)
        return
    torch = needed("torch")
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    with replacing(path, force) as temporary:
        torch.save(tensors, temporary)


def read(path: Path, network: Network) -> Arrays:
    """Canonical weights of a state dict of the generated module; raises WeightsError.

    A pickled file is read as tensors alone: nothing in it is run.
    """
    _check_suffix(path)
    with opened(path) as checkpoint:
        weights = {
            tensor.name: tensor.values()
            for unit in checkpoint.units
            for tensor in unit.tensors.values()
        }
    return from_target(network, manifest("torch"), weights)


def _check_suffix(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        message = f"{path} does not end in {' or '.join(SUFFIXES)}"
        raise WeightsError.single("AS511", message)


def _contiguous(weights: Arrays) -> dict[str, Any]:
    return {name: np.ascontiguousarray(array) for name, array in weights.items()}
