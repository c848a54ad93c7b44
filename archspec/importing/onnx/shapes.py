"""Shapes of tensors: those of inputs, and what ONNX infers of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import onnx

BATCH = 2
"""What stands for a batch that the file leaves open."""

Shape = tuple[int, ...]

_NUMBERS = {
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.BFLOAT16,
    onnx.TensorProto.DOUBLE,
}


def input_shape(given: onnx.ValueInfoProto, size: Sequence[int] = ()) -> Shape:
    """The shape of an input with its batch; raises ValueError.

    `size`, channels first, says what the file leaves open.
    """
    tensor = given.type.tensor_type
    if tensor.elem_type not in _NUMBERS:
        raise ValueError(f"the input '{given.name}' is not of floating-point numbers")
    if not tensor.HasField("shape"):
        raise ValueError(f"the input '{given.name}' has no shape")
    known = [max(0, dim.dim_value) for dim in tensor.shape.dim]
    written = ", ".join(
        str(dim.dim_value or dim.dim_param or "?") for dim in tensor.shape.dim
    )
    batch = known[0] if known and known[0] else BATCH
    for order in (tuple(size), (*size[1:], *size[:1])):
        pairs = zip(known[1:], order, strict=False)
        if size and len(known) == 1 + len(size) and all(n in (0, m) for n, m in pairs):
            return (batch, *order)
    if size:
        raise ValueError(f"the input '{given.name}' is of another size: {written}")
    if len(known) < 2 or not all(known[1:]):
        raise ValueError(f"the input '{given.name}' has an open size: {written}")
    return (batch, *known[1:])


def inferred(model: onnx.ModelProto, inputs: Mapping[str, Shape]) -> dict[str, Shape]:
    """What ONNX finds out about shapes, without the numbers of large weights."""
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    for tensor in bare.graph.initializer:
        if prod(tensor.dims) > 64:
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
    for given in bare.graph.input:
        sizes = inputs.get(given.name, ())
        for dim, size in zip(given.type.tensor_type.shape.dim, sizes, strict=False):
            dim.dim_value = size
    try:
        bare = onnx.shape_inference.infer_shapes(bare, data_prop=True)
    except (RuntimeError, ValueError, onnx.shape_inference.InferenceError):
        return {}  # it only helps to find more than one gap
    known = (*bare.graph.value_info, *bare.graph.output)
    found = {
        each.name: tuple(dim.dim_value for dim in each.type.tensor_type.shape.dim)
        for each in known
    }
    return {name: shape for name, shape in found.items() if shape and all(shape)}
