"""A `.onnx` file, read as data: its operations, and its weights as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import helper, numpy_helper

from archspec.errors import ImportFailed
from archspec.importing.building import Constant
from archspec.importing.graph import Scope
from archspec.importing.onnx.scopes import scopes_of

MAX_NODES = 100_000
MAX_RANK = 8
BATCH = 2
"""What stands for a batch that the file leaves open."""

_FIXED = {"", "ai.onnx", "com.microsoft"}
"""Domains whose operations have a known meaning."""


class Call(NamedTuple):
    """One operation; `inputs` and `outputs` are names, empty where left out."""

    operation: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    outputs: tuple[str, ...]
    scopes: tuple[Scope, ...]


@dataclass
class Program:
    """A network as operations on tensors, in the order of computation."""

    inputs: Mapping[str, tuple[int, ...]]
    constants: Mapping[str, Constant]
    calls: tuple[Call, ...]
    outputs: tuple[str, ...]
    model: onnx.ModelProto
    name: str
    state: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shapes of tensors as far as they can be inferred; it takes a while."""
        return _inferred(self.model, self.inputs)


def read(path: Path, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Program:
    """The program in a file; raises ImportFailed (AS701).

    `shapes` are those of inputs, the batch among them, where the file leaves them open.
    Weights in other files are read if these are in the file's own folder.
    """
    try:
        model = onnx.load(path, load_external_data=False)
    except OSError as error:
        raise _failed(path, f"{error.strerror or error}") from None
    except (DecodeError, ValueError) as error:
        raise _failed(path, f"it is damaged, or no ONNX file: {error}") from None
    try:
        return _program(model, path, dict(shapes or {}))
    except (ValueError, TypeError, KeyError, OSError, MemoryError) as error:
        raise _failed(path, str(error)) from None


def _failed(path: Path, why: str) -> ImportFailed:
    help = "write it anew, by torch.onnx.export for example"
    return ImportFailed.single("AS701", f"cannot read {path}: {why}", help=help)


def _program(
    model: onnx.ModelProto, path: Path, shapes: dict[str, tuple[int, ...]]
) -> Program:
    graph = model.graph
    if len(graph.node) > MAX_NODES:
        raise ValueError(f"{len(graph.node):,} nodes exceed the limit of {MAX_NODES:,}")
    if graph.sparse_initializer:
        raise ValueError("it has sparse weights")
    constants = {
        tensor.name: Constant(tensor.name, array(tensor, path.parent))
        for tensor in graph.initializer
    }
    inputs = {
        given.name: shapes.get(given.name) or _shape(given)
        for given in graph.input
        if given.name not in constants
    }
    if not inputs:
        raise ValueError("it has no input")
    calls = tuple(_calls(graph.node, path.parent))
    outputs = tuple(output.name for output in graph.output)
    _check_order({*constants, *inputs}, calls, outputs)
    return Program(inputs, constants, calls, outputs, model, path.stem)


def _check_order(
    known: set[str], calls: Iterable[Call], outputs: Iterable[str]
) -> None:
    """Every tensor is computed once, before it is read."""
    for call in calls:
        for name in call.inputs:
            if name and name not in known:
                raise ValueError(
                    f"{call.operation} reads '{name}' before it is computed"
                )
        for name in filter(None, call.outputs):
            if name in known:
                raise ValueError(f"'{name}' is computed twice")
            known.add(name)
    for name in outputs:
        if name not in known:
            raise ValueError(f"the output '{name}' is never computed")


def _shape(given: onnx.ValueInfoProto) -> tuple[int, ...]:
    """The shape of an input, in which only the batch may be left open."""
    if not given.type.tensor_type.HasField("shape"):
        raise ValueError(f"the input '{given.name}' has no shape")
    sizes = [dim.dim_value for dim in given.type.tensor_type.shape.dim]
    first, *rest = [*sizes, 0]
    rest = rest[: len(sizes) - 1]
    if any(size <= 0 for size in rest):
        raise ValueError(
            f"the input '{given.name}' has no fixed size: {_written(given)}"
        )
    return (first if first > 0 else BATCH, *rest)


def _written(given: onnx.ValueInfoProto) -> str:
    dims = given.type.tensor_type.shape.dim
    return ", ".join(str(dim.dim_value or dim.dim_param or "?") for dim in dims)


def _calls(nodes: Iterable[onnx.NodeProto], folder: Path) -> Iterator[Call]:
    for node in nodes:
        known = node.domain in _FIXED
        operation = node.op_type if known else f"{node.domain}.{node.op_type}"
        attributes = {each.name: _attribute(each, folder) for each in node.attribute}
        if node.op_type == "Split":
            attributes.setdefault("num_outputs", len(node.output))
        yield Call(
            operation,
            tuple(node.input),
            attributes,
            tuple(node.output),
            scopes_of(node),
        )


def _attribute(given: onnx.AttributeProto, folder: Path) -> Any:
    if given.type == onnx.AttributeProto.TENSOR:
        return array(given.t, folder)
    value = helper.get_attribute_value(given)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return tuple(value) if isinstance(value, list) else value


def array(tensor: onnx.TensorProto, folder: Path) -> Any:
    """The numbers of a tensor; those of 16 bits become float32. Raises ValueError."""
    shape = tuple(tensor.dims)
    if len(shape) > MAX_RANK or any(size < 0 for size in shape):
        raise ValueError(f"'{tensor.name}' has the shape {shape}")
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        found = _external(tensor, folder)
    else:
        held = len(tensor.raw_data) or tensor.ByteSize()
        if prod(shape) > 16 * held:
            raise ValueError(
                f"'{tensor.name}' has fewer numbers than its shape {shape}"
            )
        found = numpy_helper.to_array(tensor)
    floating = tensor.data_type in (onnx.TensorProto.BFLOAT16, onnx.TensorProto.FLOAT16)
    return found.astype(np.float32) if floating else found


def _external(tensor: onnx.TensorProto, folder: Path) -> Any:
    """A tensor whose numbers are in another file, in the folder of the first."""
    about = {entry.key: entry.value for entry in tensor.external_data}
    home = folder.resolve()
    path = (home / about.get("location", "")).resolve()
    if not path.is_relative_to(home):
        raise ValueError(f"the weights of '{tensor.name}' are outside its folder")
    dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    start, count = int(about.get("offset", 0)), prod(tensor.dims)
    size = path.stat().st_size
    if start < 0 or start + count * dtype.itemsize > size:
        raise ValueError(f"'{tensor.name}' is longer than {path.name}")
    with path.open("rb") as stream:
        stream.seek(start)
        data = stream.read(count * dtype.itemsize)
    return np.frombuffer(data, dtype).reshape(tuple(tensor.dims))


def _inferred(
    model: onnx.ModelProto, inputs: Mapping[str, tuple[int, ...]]
) -> Mapping[str, tuple[int, ...]]:
    """What ONNX finds out about shapes, without the numbers of large weights."""
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    for tensor in bare.graph.initializer:
        if prod(tensor.dims) > 64:
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
    for given in bare.graph.input:
        sizes = zip(given.type.tensor_type.shape.dim, inputs.get(given.name, ()))
        for dim, size in sizes:
            dim.dim_value = size
    try:
        bare = onnx.shape_inference.infer_shapes(bare, data_prop=True)
    except Exception:
        return {}
    known = (*bare.graph.value_info, *bare.graph.output)
    found = {
        each.name: tuple(dim.dim_value for dim in each.type.tensor_type.shape.dim)
        for each in known
    }
    return {name: shape for name, shape in found.items() if all(shape)}
