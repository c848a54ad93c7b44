"""Checkpoints of other implementations, read as data: no code in a file is executed."""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from archspec.weights.checkpoints.flax import orbax
from archspec.weights.checkpoints.keras import keras_archive, keras_hdf5
from archspec.weights.checkpoints.torch import of_state, pickled, safe
from archspec.weights.checkpoints.units import (
    Affine,
    Checkpoint,
    Settings,
    Tensor,
    Unit,
    unreadable,
    without,
)

__all__ = [
    "Affine",
    "Checkpoint",
    "Settings",
    "Tensor",
    "Unit",
    "of_state",
    "opened",
    "without",
]

_HDF5 = b"\x89HDF\r\n\x1a\n"


@contextmanager
def opened(path: Path, key: str = "") -> Generator[Checkpoint]:
    """A checkpoint, whose numbers can be read while it is open.

    Its content tells the format: a file of `torch.save` may have any name. `key` names
    the entry of such a file that holds the state dict.

    Raises:
        WeightsError: it cannot be read (AS511).
        FrameworkMissing: the library that reads such files is not installed.
    """
    reader = _reader(path, key)
    with reader as checkpoint:
        if key and not checkpoint.entry:
            raise unreadable(path, "only files of torch.save have entries (--key)")
        yield checkpoint


def _reader(path: Path, key: str) -> AbstractContextManager[Checkpoint]:
    if path.is_dir():
        return orbax(path)
    try:
        with path.open("rb") as file:
            start = file.read(9)
            names = zipfile.ZipFile(file).namelist() if start[:2] == b"PK" else []
    except OSError as error:
        raise unreadable(path, error.strerror or error) from None
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError) as error:
        raise unreadable(path, error) from None
    if "model.weights.h5" in names or path.suffix == ".keras":
        return keras_archive(path)
    if start.startswith(_HDF5):
        return keras_hdf5(path)
    if start[8:] == b"{":  # after the length of this header
        return safe(path)
    if names or start[:1] == b"\x80":
        return pickled(path, key)
    help = "archspec reads files of PyTorch, safetensors, Keras and Orbax"
    raise unreadable(path, "its content is not that of a checkpoint", help)
