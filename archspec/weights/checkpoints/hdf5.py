"""HDF5 files; links, external storage and virtual data are refused."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import needed
from archspec.weights.checkpoints.heaps import check_heaps
from archspec.weights.checkpoints.units import (
    Tensor,
    check_floating,
    single,
    unreadable,
)


@contextmanager
def opened(path: Path, file: Path | BytesIO) -> Generator[Any]:
    """The root of a file; raises WeightsError (AS511), FrameworkMissing."""
    library = needed("h5py")
    with reported_as_unreadable(path):
        check_heaps(path, file)
        root = library.File(file, "r")
    with root:
        yield root


@contextmanager
def reported_as_unreadable(path: Path) -> Generator[None]:
    """Turn the errors of h5py for a corrupted file into WeightsError (AS511)."""
    try:
        yield
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        reason = error.args[0] if len(error.args) == 1 else error
        raise unreadable(path, reason) from None


def children(path: Path, group: Any) -> Mapping[str, Any]:
    """The members of a group; raises WeightsError (AS511) about a link."""
    return {key: entry(path, group, key) for key in group}


def entry(path: Path, group: Any, name: str) -> Any:
    """The member `name`, which may be a path; raises WeightsError (AS511)."""
    library = needed("h5py")
    found, hard = group, library.HardLink
    for key in name.split("/"):
        if not hasattr(found, "keys") or key not in found:
            raise unreadable(path, f"its {group.name} contains no {name!r}")
        if not isinstance(found.get(key, getlink=True), hard):
            raise unreadable(path, f"{key!r} in its {found.name} is a link")
        found = found[key]
        if library.h5o.get_info(found.id).rc > 1:
            raise unreadable(path, f"its {name} has several names")
    return found


def tensor(path: Path, group: Any, name: str) -> Tensor:
    """The numbers at `name`; raises WeightsError (AS511)."""
    found = entry(path, group, name)
    full: str = found.name.strip("/")
    plain = isinstance(found, needed("h5py").Dataset)
    if not plain or found.external or found.is_virtual:
        raise unreadable(path, f"its {full} stores no data in this file")

    def values() -> np.ndarray[Any, Any]:
        check_floating(full, found.dtype.name)
        with reported_as_unreadable(path):
            return single(found[()])

    return Tensor(full, tuple(found.shape), found.dtype.name, values)


def labels(path: Path, group: Any, name: str) -> list[str]:
    """A list of names; a long one is split among `name0`, `name1`, ..."""
    if name in group.attrs:
        found = list(group.attrs[name])
    else:
        found = list[Any]()
        while (part := f"{name}{len(found)}") in group.attrs:
            found.append(group.attrs[part])
        found = [label for part in found for label in part]
    return [
        label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label)
        for label in found
    ]
