"""State dicts: of `torch.save`, as they were registered; of safetensors, sorted."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np

from archspec.errors import needed
from archspec.frameworks import SOURCES
from archspec.targets.templates import manifest
from archspec.weights.checkpoints.units import (
    Checkpoint,
    Tensor,
    by_module,
    check_floating,
    plain_names,
    single,
    unreadable,
    words,
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
    yield by_module(map(_of_torch, state, state.values()), "torch")


@contextmanager
def safe(path: Path) -> Generator[Checkpoint]:
    """A safetensors file, whose order is that of sizes and names."""
    library = needed("safetensors")
    try:
        found = dict(sorted(library.deserialize(path.read_bytes())))
    except (OSError, library.SafetensorError) as error:
        raise unreadable(path, error) from None
    entries = dict(zip(plain_names(found), found.values(), strict=True))
    tensors = map(_of_bytes, entries, entries.values())
    yield by_module(tensors, _target(entries))._replace(ordered=False)


def _target(names: Collection[str]) -> str:
    """The target whose words for weights most of these names end in."""
    ends = [name.rpartition(".")[2] for name in names]
    nested = [name for name in SOURCES if manifest(name)["classes"]]
    return max(nested, key=lambda target: sum(e in words(target) for e in ends))


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
    found = cast("Mapping[str, Any]", entries)
    return dict(zip(plain_names(found), found.values(), strict=True))


def _is_plain(value: Any) -> bool:
    torch = import_module("torch")
    return (
        isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
    )


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
