"""Orbax checkpoints of Flax: folders of arrays, read by TensorStore alone.

Orbax itself would look up classes by the names in a folder.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import needed
from archspec.weights.checkpoints.units import (
    Checkpoint,
    Tensor,
    by_module,
    check_floating,
    plain_names,
    single,
    unreadable,
)
from archspec.weights.checks import Arrays

_DRIVERS = {".zarray": "zarr", "zarr.json": "zarr3"}
_ERRORS = ValueError, OSError, RuntimeError
"""What TensorStore raises for folders that it cannot read."""


@contextmanager
def orbax(path: Path) -> Generator[Checkpoint]:
    """A folder that Orbax wrote; the numbers of an array are read when asked for.

    Raises WeightsError (AS511), FrameworkMissing.
    """
    library = needed("tensorstore")
    if any(inside.is_symlink() for inside in path.rglob("*")):
        raise unreadable(path, "there are links in it")
    database = (path / "manifest.ocdbt").exists()
    store = {"driver": "file", "path": f"{path.resolve()}/"}
    base: dict[str, Any] = {"driver": "ocdbt", "base": store} if database else store
    try:
        keys = library.KvStore.open(base).result().list().result()
        found = [key.decode().rpartition("/") for key in keys]
    except _ERRORS as error:
        raise unreadable(path, error) from None
    arrays = {name: _DRIVERS[end] for name, _, end in found if end in _DRIVERS and name}
    if not arrays:
        raise unreadable(path, "there are no arrays in it")
    tensors = (
        _tensor(path, plain, {"driver": arrays[name], "kvstore": base, "path": name})
        for name, plain in zip(arrays, plain_names(arrays), strict=True)
        if "rngs" not in plain.split(".")  # the state of random numbers
    )
    yield by_module(tensors, "nnx")._replace(ordered=False)


def save_orbax(path: Path, arrays: Arrays) -> None:
    """Write what `StandardCheckpointer.restore` takes for an `nnx.State`."""
    library = needed("orbax.checkpoint")
    tree: dict[str, Any] = {}
    for name, array in arrays.items():
        inner = tree
        for word in name.split("."):
            inner = inner.setdefault(word, {})
        inner["value"] = array
    with library.StandardCheckpointer() as checkpointer:
        checkpointer.save(path.resolve(), tree)


def _tensor(path: Path, name: str, spec: dict[str, Any]) -> Tensor:
    library = needed("tensorstore")
    try:
        stored = library.open(spec, open=True, read=True).result()
    except _ERRORS as error:
        raise unreadable(path, error) from None
    shape = tuple(stored.shape)
    if prod(stored.chunk_layout.read_chunk.shape) > max(1, prod(shape)):
        raise unreadable(path, f"the parts of '{name}' are larger than itself")

    def values() -> np.ndarray[Any, Any]:
        check_floating(name, stored.dtype.name)
        try:
            return single(stored.read().result())
        except _ERRORS as error:
            raise unreadable(path, error) from None

    return Tensor(name, shape, stored.dtype.name, values)
