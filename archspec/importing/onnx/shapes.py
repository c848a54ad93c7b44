"""Shapes of tensors: those of inputs, and what ONNX infers of others."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import onnx

from archspec.importing.readers import MAX_BATCH, MAX_SIZE

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
    said = ", ".join(
        str(dim.dim_value or dim.dim_param or "?") for dim in tensor.shape.dim
    )
    batch = known[0] if known and known[0] else BATCH
    for order in (tuple(size), (*size[1:], *size[:1])):
        pairs = zip(known[1:], order, strict=False)
        if size and len(known) == 1 + len(size) and all(n in (0, m) for n, m in pairs):
            return (batch, *order)
    if size:
        raise ValueError(f"the input '{given.name}' is of another size: {said}")
    if len(known) < 2 or not all(known[1:]):
        raise ValueError(f"the input '{given.name}' has an open size: {said}")
    if prod(known[1:]) > MAX_SIZE or batch > MAX_BATCH:
        raise ValueError(f"the input '{given.name}' is too large: {said}")
    return (batch, *known[1:])


def written(model: onnx.ModelProto) -> dict[str, Shape]:
    """The shapes that the file says; ONNX's inference may crash and is not run."""
    known = (*model.graph.value_info, *model.graph.output)
    found = {
        each.name: tuple(dim.dim_value for dim in each.type.tensor_type.shape.dim)
        for each in known
    }
    return {
        name: shape
        for name, shape in found.items()
        if shape and min(shape) > 0 and prod(shape) <= MAX_SIZE
    }
