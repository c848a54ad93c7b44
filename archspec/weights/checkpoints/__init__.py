"""Checkpoints of other implementations, read as data: no code in a file is executed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from archspec.errors import WeightsError
from archspec.weights.checkpoints.flax import orbax
from archspec.weights.checkpoints.keras import keras_archive, keras_hdf5
from archspec.weights.checkpoints.torch import pickled, safe
from archspec.weights.checkpoints.units import Checkpoint, Tensor, Unit, without

__all__ = ["Checkpoint", "Tensor", "Unit", "opened", "without"]

_READERS: Mapping[str, Callable[[Path], AbstractContextManager[Checkpoint]]] = {
    ".pth": pickled,
    ".pt": pickled,
    ".bin": pickled,
    ".safetensors": safe,
    ".keras": keras_archive,
    ".h5": keras_hdf5,
    ".hdf5": keras_hdf5,
}


@contextmanager
def opened(path: Path) -> Generator[Checkpoint]:
    """A checkpoint, whose numbers can be read while it is open.

    Raises:
        WeightsError: it cannot be read (AS511).
        FrameworkMissing: the library that reads such files is not installed.
    """
    reader = orbax if path.is_dir() else _READERS.get(path.suffix.lower())
    if reader is None:
        help = f"files end in {', '.join(_READERS)}"
        message = f"{path}: unrecognised checkpoint extension"
        raise WeightsError.single("AS511", message, help=help)
    with reader(path) as checkpoint:
        yield checkpoint
