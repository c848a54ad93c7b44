"""The state dict of a generated PyTorch module, as a file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import FrameworkMissing, WeightsError
from archspec.network import Network
from archspec.targets.templates import manifest
from archspec.weights import canonical
from archspec.weights.checks import Arrays
from archspec.weights.moves import from_target, to_target
from archspec.weights.output import replacing

PICKLED = (".pth", ".pt", ".bin")
"""Suffixes of what `torch.save` writes."""


def write(path: Path, network: Network, weights: Arrays, force: bool = False) -> None:
    """A file that `load_state_dict(strict=True)` takes: safetensors, .pth or .pt.

    Raises:
        WeightsError: the weights do not fit, or the file's name has another suffix.
        FileRefused: there is such a file, and no `force`.
        FrameworkMissing: PyTorch, for .pth and .pt.
    """
    _check_suffix(path)
    state = _contiguous(to_target(network, manifest("torch"), weights)) | {
        f"{layer.path}.{manifest('torch')['counter']}": np.zeros((), np.int64)
        for layer in network.layers
        if layer.op == "batch_norm"
    }
    if path.suffix == ".safetensors":
        canonical.write_tensors(path, state, {"format": "pt"}, force)
        return
    torch = _torch()
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    with replacing(path, force) as temporary:
        torch.save(tensors, temporary)


def read(path: Path, network: Network) -> Arrays:
    """Canonical weights of a state dict of the generated module; raises WeightsError.

    A pickled file is read as tensors alone: nothing in it is run.
    """
    _check_suffix(path)
    state = canonical.tensors(path) if path.suffix == ".safetensors" else pickled(path)
    counter = manifest("torch")["counter"]
    weights = {n: a for n, a in state.items() if not n.endswith(f".{counter}")}
    return from_target(network, manifest("torch"), weights)


def pickled(path: Path) -> Arrays:
    """The tensors of a pickled state dict; raises WeightsError (AS511)."""
    torch = _torch()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: tensor.numpy(force=True) for name, tensor in state.items()}
    except Exception as error:  # whatever bytes make of torch's reader
        reason = str(error).partition("\n")[0]
        help = "a state dict, which torch.load(weights_only=True) can read"
        message = f"cannot read {path}: {reason}"
        raise WeightsError.single("AS511", message, help=help) from None


def _check_suffix(path: Path) -> None:
    known = ".safetensors", *PICKLED
    if path.suffix not in known:
        message = f"{path} is none of {', '.join(known)}"
        raise WeightsError.single("AS511", message)


def _contiguous(weights: Arrays) -> dict[str, Any]:
    return {name: np.ascontiguousarray(array) for name, array in weights.items()}


def _torch() -> Any:
    try:
        return import_module("torch")
    except ImportError:
        raise FrameworkMissing("torch", "torch") from None
