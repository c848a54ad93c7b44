"""The primitives: one class each, one file per family."""

from archspec.ops import (
    attention,
    convolution,
    normalization,
    pointwise,
    pooling,
    sequence,
    shape,
)
from archspec.ops.base import JOINS, OPS, PRIMITIVES, Op, Weight
from archspec.ops.fields import Pair
from archspec.ops.join import Join
from archspec.ops.shapes import Shape

__all__ = [
    "FAMILIES",
    "JOINS",
    "OPS",
    "PRIMITIVES",
    "Join",
    "Op",
    "Pair",
    "Shape",
    "Weight",
    "attention",
]

FAMILIES = convolution, normalization, pointwise, pooling, shape, sequence
"""The modules of ops, whose classes register themselves."""
