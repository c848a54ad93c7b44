"""The members of a `.pt2` archive: JSON, and tensors as plain bytes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    12: "bool",
}
"""NumPy's names of the numbers by which PyTorch's schema calls types."""
_BFLOAT16 = 13

MAX_REPEATED = 2**24
"""Numbers of a tensor that repeats those in its bytes."""


class Archive:
    """The members of an archive, all of them in one folder.

    PyTorch compresses none: together they are no larger than the file.
    """

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self._root = archive.namelist()[0].split("/")[0]
        self._known: dict[str, bytes] = {}
        self._room = Path(str(archive.filename)).stat().st_size

    def bytes(self, name: str) -> bytes:
        if name not in self._known:
            info = self._archive.getinfo(f"{self._root}/{name}")
            if info.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{name} is compressed, which PyTorch never does")
            self._room -= info.file_size
            if self._room < 0:
                raise ValueError("its members overlap")
            self._known[name] = self._archive.read(info)
        return self._known[name]

    def json(self, name: str) -> Any:
        return json.loads(self.bytes(name))

    def tensors(self, folder: str, config: str) -> Iterator[tuple[str, Any]]:
        """The tensors of a folder by their names in the model."""
        for name, about in self.json(f"data/{folder}/{config}")["config"].items():
            if about["use_pickle"] or about["tensor_meta"] is None:
                raise ValueError(f"'{name}' is pickled")
            data = self.bytes(f"data/{folder}/{about['path_name']}")
            yield name, _tensor(data, about["tensor_meta"])


def _tensor(data: bytes, about: Mapping[str, Any]) -> Any:
    """An array of bytes; NumPy checks that it is within them."""
    sizes, strides = (ints(about[key]) for key in ("sizes", "strides"))
    (offset,) = ints([about["storage_offset"]])
    flat = _flat(data, about["dtype"])
    if min((offset, *sizes, *strides), default=0) < 0:
        raise ValueError("a tensor of negative sizes")
    if prod(sizes) > max(flat.size, MAX_REPEATED):
        raise ValueError("a tensor is larger than its bytes")
    if 0 in sizes:
        return np.zeros(sizes, flat.dtype)
    steps = [stride * flat.itemsize for stride in strides]
    try:
        return np.ndarray(sizes, flat.dtype, flat, offset * flat.itemsize, steps)
    except (TypeError, ValueError, ArithmeticError):
        raise ValueError("a tensor is larger than its bytes") from None


def _flat(data: bytes, dtype: int) -> Any:
    if dtype == _BFLOAT16:
        upper = np.frombuffer(data, np.uint16).astype(np.uint32) << 16
        return upper.view(np.float32)
    return np.frombuffer(data, DTYPES[dtype])


def ints(items: Any) -> tuple[int, ...]:
    """Whole numbers; raises ValueError for sizes that the program leaves open."""
    if any("as_expr" in item for item in items):
        raise ValueError("it has dynamic shapes; export it with fixed ones")
    return tuple(whole(item["as_int"]) for item in items)


def whole(given: Any) -> int:
    """A whole number of 64 bits; raises ValueError for anything else."""
    if not isinstance(given, int) or not -(2**63) <= given < 2**63:
        raise ValueError(f"{given!r:.40} is no whole number")
    return given
