"""Files of `torch.save`, read without PyTorch and without building what they hold.

A pickle is a program that calls functions by name. No name is looked up here: tensors
become views of bytes in the file, dicts stay dicts, and whatever else there is becomes
an `Inert`, which keeps the state that the object would have got.
"""

from __future__ import annotations

import pickle
import re
import sys
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from io import SEEK_END, BytesIO
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from archspec.ops import Shape
from archspec.weights.checkpoints.units import check_floating, flat, single, unreadable

MAX_BYTES = 2**26
"""Of a program, without the numbers of tensors; each tensor takes about 200."""

MAX_CLASSES = 1_000
"""That a file may name."""

_WIDTHS = {
    "float32": 4,
    "float64": 8,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
}
_DTYPES: Mapping[str, str] = dict(
    zip(
        "Float Double Half BFloat16 Long Int Short Char Byte Bool".split(),
        _WIDTHS,
        strict=True,
    )
)
"""PyTorch's names of storages, such as FloatStorage."""

Read = Callable[[str], bytes]
"""Gives the bytes of a storage by its key."""


class Inert:
    """An object of any class; nothing but its state is kept."""

    label = ""
    """The module and the name of its class."""

    state: object = None

    def __new__(cls, *_: object, **__: object) -> Inert:
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object):
        pass

    def __setstate__(self, state: object) -> None:
        self.state = state

    def _ignore(self, *_: object) -> None:
        pass

    __setitem__ = append = extend = add = update = _ignore


class _Entries(dict[object, object]):
    """An OrderedDict, without the attributes that PyTorch gives it."""

    def __setstate__(self, state: object) -> None:
        pass


class _Storage(NamedTuple):
    key: str
    dtype: str
    size: int


class Stored(NamedTuple):
    """A tensor: a view of the numbers of a storage."""

    storage: _Storage
    offset: int
    shape: Shape
    strides: Shape

    @property
    def dtype(self) -> str:
        """What its numbers are called in NumPy; else their class."""
        return self.storage.dtype

    def values(self, name: str, path: Path, read: Read) -> np.ndarray[Any, Any]:
        """Its numbers as float32; raises WeightsError (AS511, AS514)."""
        key, dtype, size = self.storage
        check_floating(name, dtype)
        try:
            data = read(key)
        except (LookupError, ValueError, RuntimeError, EOFError, OSError):
            raise unreadable(path, f"the numbers of '{name}' are missing") from None
        except zipfile.BadZipFile:
            raise unreadable(path, f"the numbers of '{name}' are corrupted") from None
        length = _WIDTHS[dtype] * size
        if len(data) < length or prod(self.shape) > size:
            raise unreadable(path, f"'{name}' is larger than what is stored of it")
        whole = flat(data[:length], dtype)
        strides = [whole.itemsize * stride for stride in self.strides]
        start = whole.itemsize * self.offset
        try:
            return single(np.ndarray(self.shape, whole.dtype, whole, start, strides))
        except (TypeError, ValueError):
            raise unreadable(path, f"'{name}' is no part of what is stored") from None


class _Tensors:
    """`torch._utils._rebuild_tensor_v2`; it has no attributes that a file could set."""

    __slots__ = ()

    def __call__(
        self, storage: object, offset: int, shape: Shape, strides: Shape, *_: object
    ) -> Stored:
        sizes = offset, *shape, *strides
        plain = all(type(n) is int and 0 <= n < sys.maxsize for n in sizes)
        if not plain or not isinstance(storage, _Storage):
            raise ValueError("a tensor is described wrongly")
        return Stored(storage, offset, tuple(shape), tuple(strides))


class _Parameters:
    """`torch._utils._rebuild_parameter`: a tensor, and how it is trained."""

    __slots__ = ()

    def __call__(self, tensor: object, *_: object) -> object:
        return tensor


_CALLED: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _Entries,
    ("torch._utils", "_rebuild_tensor"): _Tensors(),
    ("torch._utils", "_rebuild_tensor_v2"): _Tensors(),
    ("torch._utils", "_rebuild_parameter"): _Parameters(),
    ("torch._utils", "_rebuild_parameter_with_state"): _Parameters(),
}
"""All that a file can call; it makes descriptions."""


class _Unpickler(pickle._Unpickler):  # pyright: ignore[reportPrivateUsage]
    """The one in Python: the other sets aside as much memory as a file asks for."""

    def __init__(self, file: BytesIO):
        super().__init__(file, encoding="utf-8", errors="replace")
        self.dtypes: dict[str, str] = {}
        """Of each storage, by its key."""
        self._classes: dict[tuple[str, str], type[Inert]] = {}

    def find_class(self, module: str, name: str) -> Any:
        """A function of ours, the dtype of a storage, or a class of inert objects."""
        if (module, name) in _CALLED:
            return _CALLED[module, name]
        dtype = _DTYPES.get(name.removesuffix("Storage"))
        if module == "torch" and dtype:
            return dtype
        if len(self._classes) > MAX_CLASSES:
            raise ValueError("it has too many classes")
        inert = type("Inert", (Inert,), {"label": f"{module}.{name}"})
        return self._classes.setdefault((module, name), inert)

    def persistent_load(self, pid: Any) -> object:
        """A storage or, in old files, a class that comes with its source code."""
        if pid[0] == "module":
            return pid[1]
        _, kind, key, _, count, *_ = pid
        if not isinstance(key, str) or type(count) is not int:
            raise ValueError("a storage is described wrongly")
        dtype = kind if isinstance(kind, str) else getattr(kind, "label", "numbers")
        self.dtypes[key] = dtype
        return _Storage(key, dtype, count)


@contextmanager
def unpickled(path: Path) -> Generator[tuple[object, Read]]:
    """What a file holds, and its storages; raises WeightsError (AS511)."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise unreadable(path, error.strerror or error) from None
    with file:
        try:
            found = (_archived if zipfile.is_zipfile(file) else _old)(file)
        except Exception as error:  # a broken program fails anywhere
            raise unreadable(path, "it is not a file of torch.save") from error
        yield found


def _archived(file: IO[bytes]) -> tuple[object, Read]:
    archive = zipfile.ZipFile(file)
    (program,) = (n for n in archive.namelist() if re.fullmatch(r"[^/]+/data\.pkl", n))
    folder = program.removesuffix("data.pkl")

    @lru_cache(maxsize=1)
    def read(key: str) -> bytes:
        return _member(archive, f"{folder}data/{key}")

    content = BytesIO(_member(archive, program)[:MAX_BYTES])
    return _Unpickler(content).load(), read


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed, which PyTorch never does")
    return archive.read(info)


def _old(file: IO[bytes]) -> tuple[object, Read]:
    """Before PyTorch 1.6: programs one after the other, then the storages."""
    file.seek(0)
    content = BytesIO(file.read(MAX_BYTES))
    for _ in range(3):  # a magic number, a version, how the system orders bytes
        _Unpickler(content).load()
    program = _Unpickler(content)
    found = program.load()
    keys = _Unpickler(content).load()
    places: dict[str, tuple[int, int]] = {}
    place = content.tell()
    for key in keys:
        file.seek(place)
        count = int.from_bytes(file.read(8), "little")
        places[key] = place + 8, count * _WIDTHS[program.dtypes[key]]
        place = sum(places[key])

    end = file.seek(0, SEEK_END)

    @lru_cache(maxsize=1)
    def read(key: str) -> bytes:
        start, length = places[key]
        file.seek(start)
        # as much memory is set aside as is asked for, however short the file is
        return file.read(max(0, min(length, end - start)))

    return found, read
