"""Files of weights: our own, and those that users of each target save and load."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

from archspec import resources
from archspec.errors import WeightsError, needed
from archspec.frameworks import FRAMEWORKS
from archspec.network import Network
from archspec.targets.templates import manifest
from archspec.weights import canonical, keras_file
from archspec.weights.adoption.proposals import numbers_in, with_own_classes
from archspec.weights.checkpoints import Checkpoint, opened
from archspec.weights.checkpoints.flax import save_orbax
from archspec.weights.checks import Arrays
from archspec.weights.moves import from_target, to_target, weight_prefixes
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
    file, Keras's `load_weights` as .weights.h5, Flax as an Orbax folder .orbax. The
    names in a .safetensors file for Keras are the paths of its variables, for Flax
    those in its state. An .onnx model has the weights in it, its batch norms folded.

    Raises:
        WeightsError: the weights do not fit, or the file's name has another suffix.
        FileRefused: there is such a file, and no `force`.
        FrameworkMissing: what writes such files is not installed.
    """
    if target is None:
        canonical.write(path, network, weights, force)
        return
    check_suffix(path, target)
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
        _check_canonical(path, network)
        return canonical.read(path, network)
    _check_suffix(path, FRAMEWORKS[target].reads)
    with opened(path) as checkpoint:
        if _is_foreign(network, checkpoint, target):
            name = checkpoint.units[0].name
            message = f"{path} was not saved by the generated module: it has '{name}'"
            raise WeightsError.single("AS512", message, help=_adopt(path, network))
        names = manifest(target)
        if target != "keras" or path.suffix == ".safetensors":
            before = names["weight_path"]["before"]
            arrays = checkpoint.arrays()
            found = {before.join(n.rsplit(".", 1)): a for n, a in arrays.items()}
            return from_target(network, names, found)
    return from_target(network, names, keras_file.load(path, network))


def with_classes_of(path: Path, network: Network) -> Network | None:
    """The network with as many classes as the file has; None if that is no remedy."""
    with suppress(WeightsError), opened(path) as checkpoint:
        return with_own_classes(network, numbers_in(checkpoint))
    return None


def _check_canonical(path: Path, network: Network) -> None:
    """Raise WeightsError (AS511) with what to do about a file of something else."""
    with suppress(WeightsError):
        if canonical.metadata(path).get("archspec") == canonical.FORMAT:
            return
    with opened(path) as checkpoint:
        source = checkpoint.target
        help = f"if the generated module saved it: --from {source}"
        if not checkpoint.units or _is_foreign(network, checkpoint, source):
            help = _adopt(path, network)
    message = f"{path} is not a file of canonical weights"
    raise WeightsError.single("AS511", message, help=help)


def _adopt(path: Path, network: Network) -> str:
    source = network.spec.source.path
    spec = source.stem if source.parent == resources.SPECS else source
    command = f"archspec weights adopt {path} {spec}"
    return f"for a checkpoint of another implementation: {command}"


def _is_foreign(network: Network, checkpoint: Checkpoint, target: str) -> bool:
    """Whether most layers of a file are called otherwise than in generated code."""
    names = [unit.name for unit in checkpoint.units]
    if any(name.startswith("layers/") for name in names):
        return False  # numbers of classes, not names
    ours = {
        prefix[:-1] for prefix in weight_prefixes(network, manifest(target)).values()
    }
    return sum(name in ours for name in names) < len(names) / 2


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


def check_suffix(path: Path, target: str | None) -> None:
    """Raise WeightsError (AS511) for a name that no file of the target has."""
    if target is not None:
        _check_suffix(path, FRAMEWORKS[target].writes)


def _check_suffix(path: Path, known: tuple[str, ...]) -> None:
    if not path.name.endswith(known):
        message = f"{path} does not end in {' or '.join(known)}"
        raise WeightsError.single("AS511", message)
