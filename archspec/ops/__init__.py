"""The primitives: one class each, one file per family."""

from archspec.ops import convolution, normalization, pointwise, pooling, shape
from archspec.ops.base import OPS, Op, Weight
from archspec.ops.fields import Pair
from archspec.ops.join import JOINS, Join
from archspec.ops.shapes import Shape

__all__ = ["FAMILIES", "JOINS", "OPS", "Join", "Op", "Pair", "Shape", "Weight"]

FAMILIES = convolution, normalization, pointwise, pooling, shape
"""The modules of ops, whose classes register themselves."""
