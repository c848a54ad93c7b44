"""The weights in files of Keras, by the layers that they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from archspec.importing.keras.model import Where
from archspec.weights.checkpoints.hdf5 import (
    children,
    opened,
    reported_as_unreadable,
    tensor,
)
from archspec.weights.checkpoints.keras import NO_LAYERS, archived_weights
from archspec.weights.checkpoints.units import unreadable

Array = Any
MAX_DEPTH = 32

Names = Mapping[Where, Sequence[str | None]]
"""The names of each layer's weights in the file; None for counts and seeds."""


def read(path: Path, key: str) -> dict[str, Array]:
    """The weights of a `.keras` or `.weights.h5` file; raises WeightsError (AS511)."""
    if key:
        raise unreadable(path, "only files of torch.save have entries (--key)")
    is_archive = path.suffix == ".keras"
    file = BytesIO(archived_weights(path)) if is_archive else path
    with opened(path, file) as root, reported_as_unreadable(path):
        if "layers" not in root:
            help = "load it in Keras 3, and write model.save_weights('mine.weights.h5')"
            raise unreadable(path, "it is a file of Keras 2, or of another kind", help)
        return weights(path, root)[1]


def weights(path: Path, root: Any) -> tuple[Names, dict[str, Array]]:
    """The weights of an open file; raises ValueError and WeightsError."""
    found: dict[str, Array] = {}
    names = {
        where: [_name(path, group, number, found) for number in sorted(group, key=int)]
        for where, group in _models(path, root, ())
    }
    return names, found


def _models(path: Path, model: Any, where: Where) -> Iterator[tuple[Where, Any]]:
    """The groups of all layers of a model, those of models within it too."""
    if len(where) > MAX_DEPTH:
        raise ValueError("groups within groups, too deeply")
    for group in children(path, model["layers"]).values():
        name = group["vars"].attrs.get("name")
        if not isinstance(name, str):
            raise ValueError("its weights do not name their layers")
        yield from _parts(path, group, (*where, name))
        if "layers" in group:
            yield from _models(path, group, (*where, name))


def _parts(path: Path, group: Any, where: Where) -> Iterator[tuple[Where, Any]]:
    """The groups of a layer, and of the layers that it consists of."""
    if len(where) > MAX_DEPTH:
        raise ValueError("groups within groups, too deeply")
    for key, child in children(path, group).items():
        if key == "vars":
            yield where, child
        elif key not in NO_LAYERS | {"layers"} and hasattr(child, "keys"):
            yield from _parts(path, child, (*where, key))


def _name(path: Path, group: Any, number: str, known: dict[str, Array]) -> str | None:
    """The name of a weight, whose values are noted."""
    found = tensor(path, group, number)
    if group[number].nbytes > group[number].id.get_storage_size():
        raise ValueError(f"its {found.name} is larger than its bytes")
    if "int" in found.dtype:
        return None
    known[found.name] = found.values()
    return found.name
