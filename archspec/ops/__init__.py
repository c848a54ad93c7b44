"""The primitives: one class each, a file a family."""

from archspec.ops import convolution, normalization, pointwise, pooling, shape
from archspec.ops.base import OPS, Op, Shape, Weight
from archspec.ops.fields import Pair
from archspec.ops.join import JOINS, Join

__all__ = ["FAMILIES", "JOINS", "OPS", "Join", "Op", "Pair", "Shape", "Weight"]

FAMILIES = convolution, normalization, pointwise, pooling, shape
"""The files of ops, whose classes have registered themselves."""
