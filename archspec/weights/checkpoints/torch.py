"""State dicts: of `torch.save`, as they were registered; of safetensors, sorted."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from archspec.errors import did_you_mean, needed
from archspec.frameworks import SOURCES
from archspec.targets.templates import manifest
from archspec.weights.checkpoints.pickles import Inert, Stored, unpickled
from archspec.weights.checkpoints.swin import in_our_order
from archspec.weights.checkpoints.units import (
    Checkpoint,
    Tensor,
    by_module,
    check_floating,
    flat,
    plain_names,
    single,
    unreadable,
    words,
)

_USUAL = "state_dict model_state_dict model net network weights module".split()
"""Entries that hold the state dict of a model, the most usual one first."""

_MAX_DEPTH = 8
"""Of entries in entries."""

_MAX_MODULES = 50
"""Of modules in modules."""

_DTYPES = {
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
}
"""Those of safetensors that weights can have."""


@contextmanager
def pickled(path: Path, key: str = "") -> Generator[Checkpoint]:
    """A file of `torch.save`, of which only tensors and their names are read.

    `key` names the entry that holds the state dict, `ema.model`; by default it is the
    only one, or one that is called as usual.
    """
    with unpickled(path) as (found, read):
        entries = dict(_state_dicts(found, "", set()))
        chosen = _chosen(path, entries, key)
        state = {
            name: tensor
            for name, tensor in entries[chosen].items()
            if isinstance(tensor, Stored)
        }
        tensors = (
            Tensor(name, own.shape, own.dtype, partial(own.values, name, path, read))
            for name, own in zip(plain_names(state), state.values(), strict=True)
        )
        others = tuple(name for name in entries if name != chosen)
        yield by_module(in_our_order(tensors), "torch")._replace(
            entry=chosen, others=others
        )


def of_state(arrays: Mapping[str, np.ndarray[Any, Any]]) -> Checkpoint:
    """What a file with this state dict holds."""
    tensors = (
        Tensor(name, array.shape, array.dtype.name, partial(single, array))
        for name, array in arrays.items()
    )
    return by_module(in_our_order(tensors), "torch")


def _state_dicts(
    found: object, path: str, seen: set[int]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping that is mostly tensors, and every module, by its path."""
    if id(found) in seen or path.count(".") > _MAX_DEPTH:
        return
    seen.add(id(found))
    entries = _members(found)
    state = _module_state(found, "", set()) if isinstance(found, Inert) else entries
    if sum(isinstance(value, Stored) for value in state.values()) > len(state) / 2:
        yield path, state
        return
    for name, value in entries.items():
        yield from _state_dicts(value, f"{path}.{name}" if path else name, seen)


def _members(found: object) -> dict[str, object]:
    """What a mapping or an object holds under names."""
    state = found.state if isinstance(found, Inert) else found
    if not isinstance(state, Mapping):
        return {}
    entries = cast("Mapping[object, object]", state)
    return {name: value for name, value in entries.items() if isinstance(name, str)}


def _module_state(module: object, path: str, seen: set[int]) -> dict[str, object]:
    """What `state_dict` of a pickled module would give, its code unseen."""
    if id(module) in seen or path.count(".") > _MAX_MODULES:
        return {}
    seen.add(id(module))
    members = _members(module)
    own = _members(members.get("_parameters")) | _members(members.get("_buffers"))
    state = {path + name: value for name, value in own.items() if value is not None}
    for name, inner in _members(members.get("_modules")).items():
        state |= _module_state(inner, f"{path}{name}.", seen)
    return state


def _chosen(path: Path, entries: Collection[str], key: str) -> str:
    """The entry to be read; raises WeightsError (AS511) unless it is clear."""
    if not entries:
        help = "save the module's state_dict() by itself"
        raise unreadable(path, "it contains no state dict", help)
    listed = ", ".join(map(repr, entries))
    if key:
        if key in entries:
            return key
        help = did_you_mean(key, entries) or f"its state dicts are: {listed}"
        raise unreadable(path, f"it has no state dict '{key}'", help)
    usual = [name for name in _USUAL if name in entries]
    if len(entries) > 1 and not usual:
        help = f"choose one, such as --key {next(iter(entries))}"
        raise unreadable(path, f"it has several state dicts: {listed}", help)
    return usual[0] if usual else next(iter(entries))


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
    yield by_module(in_our_order(tensors), _target(entries))._replace(ordered=False)


def _target(names: Collection[str]) -> str:
    """The target whose words for weights most of these names end in."""
    ends = [name.rpartition(".")[2] for name in names]
    nested = [name for name in SOURCES if manifest(name)["classes"]]
    return max(nested, key=lambda target: sum(e in words(target) for e in ends))


def _of_bytes(name: str, entry: Mapping[str, Any]) -> Tensor:
    stored: str = entry["dtype"]
    dtype, shape = _DTYPES.get(stored, stored), tuple(entry["shape"])

    def values() -> np.ndarray[Any, Any]:
        check_floating(name, dtype)
        return single(flat(entry["data"], dtype).reshape(shape))

    return Tensor(name, shape, dtype, values)
