"""The numbers of tensors in a `.onnx` file, or in files beside it."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

MAX_RANK = 8


class Outside:
    """Files of numbers beside a model, of which no byte is read twice."""

    def __init__(self, folder: Path):
        self.home = folder.resolve()
        self._read: dict[Path, int] = {}

    def bytes(self, name: str, path: Path, start: int, length: int) -> bytes:
        """A part of a file; raises ValueError where it has fewer bytes."""
        size = path.stat().st_size
        self._read[path] = self._read.get(path, 0) + length
        if start < 0 or start + length > size or self._read[path] > size:
            raise ValueError(f"'{name}' is longer than {path.name}")
        with path.open("rb") as stream:
            stream.seek(start)
            return stream.read(length)


def array(tensor: onnx.TensorProto, outside: Outside) -> Any:
    """The numbers of a tensor; those of 16 bits and fewer become float32.

    Numbers in another file are read if this is in the model's folder. Raises
    ValueError.
    """
    shape = tuple(tensor.dims)
    if len(shape) > MAX_RANK or any(size < 0 for size in shape):
        raise ValueError(f"'{tensor.name}' has the shape {shape}")
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        found = _external(tensor, outside)
    else:
        held = len(tensor.raw_data) or tensor.ByteSize()
        if prod(shape) > 16 * held:
            message = f"'{tensor.name}' has fewer numbers than its shape {shape}"
            raise ValueError(message)
        found = numpy_helper.to_array(tensor)
    if found.dtype.kind in "OSUc":
        raise ValueError(f"'{tensor.name}' is of text or complex numbers")
    is_small = found.dtype.kind not in "fiub" or found.dtype == np.float16
    return found.astype(np.float32) if is_small else found


def _external(tensor: onnx.TensorProto, outside: Outside) -> Any:
    """A tensor whose numbers are in another file, in the folder of the first."""
    about = {entry.key: entry.value for entry in tensor.external_data}
    home = outside.home
    path = (home / about.get("location", "")).resolve()
    if not path.is_relative_to(home) or not path.is_file():
        message = f"the numbers of '{tensor.name}' are in {about.get('location')!r}"
        raise ValueError(f"{message}, which is no file beside it")
    dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    start, length = int(about.get("offset", 0)), prod(tensor.dims) * dtype.itemsize
    data = outside.bytes(tensor.name, path, start, length)
    return np.frombuffer(data, dtype).reshape(tuple(tensor.dims))
