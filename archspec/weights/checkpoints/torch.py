"""State dicts: of `torch.save`, as they were registered; of safetensors, sorted."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np

from archspec.errors import needed
from archspec.targets.templates import manifest
from archspec.weights.checkpoints.units import (
    Checkpoint,
    Tensor,
    Unit,
    check_floating,
    single,
    unreadable,
)

_WRAPPERS = ("state_dict", "model")
_DTYPES = {
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
}
"""Those of safetensors that weights can have."""


@contextmanager
def pickled(path: Path) -> Generator[Checkpoint]:
    """A file of `torch.save`, of which only tensors and their names are read."""
    state = _state(path, _loaded(path))
    yield Checkpoint("torch", _units(state, _of_torch))


@contextmanager
def safe(path: Path) -> Generator[Checkpoint]:
    """A safetensors file, whose order is that of sizes and names."""
    library = needed("safetensors")
    try:
        found = dict(sorted(library.deserialize(path.read_bytes())))
    except (OSError, library.SafetensorError) as error:
        raise unreadable(path, error) from None
    units = _units(_without_prefix(found), _of_bytes)
    yield Checkpoint("torch", units, ordered=False)


def _loaded(path: Path) -> object:
    torch = needed("torch")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # which protocol it was pickled with
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        help = "save the module's state_dict() by itself"
        reason = "it holds more than tensors; none of it was executed"
        raise unreadable(path, reason, help) from None
    except OSError as error:
        raise unreadable(path, error.strerror or error) from None
    except Exception as error:  # other files fail anywhere in torch
        reason = "torch.load does not recognise it"
        raise unreadable(path, reason) from error


def _state(path: Path, found: object) -> Mapping[str, Any]:
    """The state dict itself, without the dicts that wrap it."""
    help = "save the module's state_dict() by itself"
    for key in _WRAPPERS:
        if isinstance(found, Mapping):
            entries = cast("Mapping[object, Any]", found)
            found = entries.get(key, entries)
    if not isinstance(found, Mapping):
        reason = f"it holds a {type(found).__name__}, not a state dict"
        raise unreadable(path, reason, help)
    entries = cast("Mapping[object, Any]", found)
    for name, value in entries.items():
        if not isinstance(name, str) or not _is_plain(value):
            reason = f"its entry {name!r} is a {type(value).__name__}, not a tensor"
            raise unreadable(path, reason, help)
    return _without_prefix(cast("Mapping[str, Any]", entries))


def _is_plain(value: Any) -> bool:
    torch = import_module("torch")
    return (
        isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
    )


def _without_prefix(entries: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without the `module.` that DataParallel writes before every name."""
    if not all(name.startswith("module.") for name in entries):
        return entries
    return {name.removeprefix("module."): value for name, value in entries.items()}


def _of_torch(name: str, value: Any) -> Tensor:
    def values() -> np.ndarray[Any, Any]:
        check_floating(name, str(value.dtype).removeprefix("torch."))
        return single(value.detach().double().numpy())

    return Tensor(name, tuple(value.shape), values)


def _of_bytes(name: str, entry: Mapping[str, Any]) -> Tensor:
    stored: str = entry["dtype"]
    dtype, shape = _DTYPES.get(stored, stored), tuple(entry["shape"])

    def values() -> np.ndarray[Any, Any]:
        check_floating(name, dtype)
        if dtype == "bfloat16":  # the upper half of a float32
            wide = np.frombuffer(entry["data"], "<u2").astype(np.uint32) << 16
            return wide.view(np.float32).reshape(shape)
        little = np.dtype(dtype).newbyteorder("<")
        return single(np.frombuffer(entry["data"], little).reshape(shape))

    return Tensor(name, shape, values)


def _units(
    entries: Mapping[str, Any], read: Callable[[str, Any], Tensor]
) -> tuple[Unit, ...]:
    """Tensors by their module; a parameter without one is a unit by itself."""
    target = manifest("torch")
    known = {
        name["name"] for names in target["weights"].values() for name in names.values()
    }
    modules: dict[str, dict[str, Tensor]] = {}
    for name, entry in entries.items():
        module, _, variable = name.rpartition(".")
        if variable in known:
            modules.setdefault(module, {})[variable] = read(name, entry)
        elif variable != target["counter"]:
            modules[name] = {"weight": read(name, entry)}
    return tuple(Unit(name, found) for name, found in modules.items())
