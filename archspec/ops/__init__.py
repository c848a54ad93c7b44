"""The primitives: one class each, a file a family."""

from collections.abc import Mapping

from archspec.ops.activation import Activation
from archspec.ops.base import Op, Shape, Weight
from archspec.ops.convolution import Conv, DepthwiseConv, TransposedConv
from archspec.ops.dense import Dense
from archspec.ops.fields import Pair
from archspec.ops.join import Add, Concat, Join, Multiply
from archspec.ops.normalization import BatchNorm, LayerNorm, LayerScale, Normalize
from archspec.ops.pooling import AvgPool, GlobalAvgPool, MaxPool
from archspec.ops.regularization import Dropout, DropPath
from archspec.ops.shape import (
    ChannelShuffle,
    Flatten,
    Identity,
    Pad,
    Resize,
    SliceChannels,
    Upsample,
)

__all__ = ["JOINS", "OPS", "Join", "Op", "Pair", "Shape", "Weight"]

_OPS: tuple[type[Op], ...] = (
    Conv,
    DepthwiseConv,
    TransposedConv,
    Dense,
    BatchNorm,
    LayerNorm,
    LayerScale,
    Normalize,
    Activation,
    MaxPool,
    AvgPool,
    GlobalAvgPool,
    Flatten,
    Identity,
    SliceChannels,
    ChannelShuffle,
    Upsample,
    Resize,
    Pad,
    Dropout,
    DropPath,
)
_JOINS: tuple[type[Join], ...] = (Add, Multiply, Concat)

OPS: Mapping[str, type[Op]] = {op.name: op for op in _OPS}
JOINS: Mapping[str, type[Join]] = {join.name: join for join in _JOINS}
