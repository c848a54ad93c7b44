"""Sequences of tokens."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, ClassVar

from archspec.errors import ShapeError
from archspec.ops import arrays
from archspec.ops.attributes import Doc
from archspec.ops.base import NOTHING, Array, Kept, Op, Weight, Weights, shared_out
from archspec.ops.fields import (
    STATIC,
    Count,
    Deviation,
    DeviationField,
    Examples,
    Index,
    PairField,
    Positive,
)
from archspec.ops.shapes import Shape, by

SMALL: Deviation = ("normal", 0.02)
"""How tokens and position embeddings start in ViT (Dosovitskiy et al. 2021)."""


class Sequential(Op):
    """Base of ops that read a sequence."""

    kinds = ("sequence",)
    sample = (6, 12)


class Tokens(Op):
    """Turn a feature map into a sequence: a token for each position, row by row."""

    name = "tokens"
    is_view = True
    kinds = ("feature map",)
    keeps_sign = True

    def infer(self, shape: Shape) -> Shape:
        """(channels, height, width) -> (channels, height * width)."""
        channels, height, width = self.as_map(shape)
        return channels, height * width

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x.reshape(*x.shape[:2], -1)


class ToMap(Sequential):
    """Turn a sequence into a feature map of `size`, or of the size of `like: LAYER`.

    It reverses `tokens`. The sequence must have height * width tokens.
    """

    name = "to_map"
    is_view = True
    keeps_sign = True
    like = "size"

    size: Annotated[
        PairField,
        STATIC,
        Examples((3, 4), (2, 6)),
        Doc("Size of the feature map: a number or `[height, width]`."),
    ]

    def infer(self, shape: Shape) -> Shape:
        """(channels, height * width) -> (channels, *size)."""
        channels, length = self.as_sequence(shape)
        if length != prod(self.size):
            raise ShapeError(
                f"a {by(self.size)} feature map has {prod(self.size)} positions, "
                f"but the sequence has {length} tokens",
                _advice_on_size(length, self.size),
            )
        return channels, *self.size

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x.reshape(*x.shape[:2], *self.size)


def _advice_on_size(length: int, size: Shape) -> str:
    """Help for a sequence of another length: extra tokens, or another size."""
    more, side = length - prod(size), int(length**0.5)
    if 0 < more <= 16:
        drop = f"slice_positions: {more}"
        return f"remove tokens that are at no position of the image: '{drop}'"
    if side * side == length:
        return f"'size: {side}', or 'like' a layer of that size"
    return "use 'like' with the layer that 'tokens' reads"


class PrefixTokens(Sequential):
    """Put `count` learned tokens, such as a class token, before those of a sequence."""

    name = "prefix_tokens"
    weight_axes = "positions channels"

    count: Annotated[Count, Examples(1, 3), Doc("Number of tokens.")] = 1
    initializer: DeviationField = SMALL

    def infer(self, shape: Shape) -> Shape:
        """(channels, length) -> (channels, count + length)."""
        channels, length = self.as_sequence(shape)
        return channels, self.count + length

    def kept(self) -> Kept:
        return NOTHING

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`tokens` (count, channels)."""
        return {"tokens": Weight((self.count, shape[0]), initial=None)}

    def evaluate(self, x: Array, weights: Weights) -> Array:
        xp = x.__array_namespace__()
        tokens = xp.broadcast_to(weights["tokens"].T, (len(x), x.shape[1], self.count))
        return xp.concatenate([tokens, x], 2)


class PositionEmbedding(Op):
    """Add a learned number at every channel and position."""

    name = "position_embedding"
    in_place = True
    kinds = ("sequence", "feature map")
    sized = True
    weight_axes = "positions channels"

    initializer: DeviationField = SMALL

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> unchanged."""
        self.check_kind(shape)
        return shape

    def kept(self) -> Kept:
        return NOTHING

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`embedding` (positions, channels), row by row."""
        return {"embedding": Weight((prod(shape[1:]), shape[0]), initial=None)}

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x + weights["embedding"].T.reshape(x.shape[1:])


class Take(Sequential):
    """The token at position `index`, as a vector."""

    name = "take"
    keeps_sign = True

    index: Annotated[Index, Examples(0, 5), Doc("Position of the token, from 0.")] = 0

    def infer(self, shape: Shape) -> Shape:
        """(channels, length) -> (channels,)."""
        channels, length = self.as_sequence(shape)
        if self.index >= length:
            raise ShapeError(
                f"there is no token {self.index}: the sequence has {length} tokens",
                f"positions count from 0; the last is {length - 1}",
            )
        return (channels,)

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x[:, :, self.index]


class SlicePositions(Sequential):
    """The tokens from `start` to `stop`, exclusive."""

    name = "slice_positions"
    keeps_sign = True
    fallbacks: ClassVar[Mapping[str, str]] = {"stop": "positions"}

    start: Annotated[Index, Examples(1, 0), Doc("First position.")] = 0
    stop: Annotated[Index, Examples(12, 9, 5), Doc("Position behind the last.")]

    def infer(self, shape: Shape) -> Shape:
        """(channels, length) -> (channels, stop - start)."""
        channels, length = self.as_sequence(shape)
        if self.stop > length or self.start >= self.stop:
            raise ShapeError(
                f"a slice from {self.start} to {self.stop} does not fit "
                f"the {length} tokens of the sequence",
                "'stop' is the first token that is left out; it is above 'start'",
            )
        return channels, self.stop - self.start

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x[:, :, self.start : self.stop]


class Transpose(Sequential):
    """Exchange channels and positions (Tolstikhin et al. 2021, MLP-Mixer)."""

    name = "transpose"
    keeps_sign = True
    sized = True
    output_channels = "positions"

    def infer(self, shape: Shape) -> Shape:
        """(channels, length) -> (length, channels)."""
        channels, length = self.as_sequence(shape)
        return length, channels

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x.swapaxes(1, 2)


class Rotary(Sequential):
    """Turn pairs of channels of each head by their place (Siméoni et al. 2025, DINOv3).

    The last height * width tokens are a feature map of `size`; those before it stay. In
    a head of d channels, row y has the angles 2 pi ((2y + 1) / height - 1) / base^(4j /
    d) for j < d / 4, its column the next d / 4; angle i turns channels i and i + d / 2.
    """

    name = "rotary"
    sample = (8, 12)

    heads: Annotated[Count, Examples(1, 2), Doc("Attention heads.")]
    size: Annotated[
        PairField,
        STATIC,
        Examples((3, 4), (2, 5), 3),
        Doc("Size of the feature map: a number or `[height, width]`."),
    ]
    base: Annotated[
        Positive, Examples(100, 10_000), Doc("Base of the geometric series of angles.")
    ] = 100.0

    def infer(self, shape: Shape) -> Shape:
        """(channels, length) -> unchanged."""
        channels, length = self.as_sequence(shape)
        each = shared_out(channels, self.heads, "channels", unit="heads")
        if each % 4:
            raise ShapeError(
                f"a head of {each} channels cannot be turned: rotary needs a multiple "
                "of 4, half for rows and half for columns",
                "use another number of heads or channels",
            )
        if length < prod(self.size):
            raise ShapeError(
                f"a {by(self.size)} feature map has {prod(self.size)} positions, "
                f"but the sequence has {length} tokens",
                "'size' is the height and width of the feature map that 'tokens' reads",
            )
        return shape

    def angles(self, xp: Any, shape: Shape) -> Array:
        """The angles (length, channels / heads / 2); those of other tokens are 0."""
        each, before = shape[0] // self.heads, shape[1] - prod(self.size)
        return arrays.turns(xp, self.size, each, self.base, before)

    def evaluate(self, x: Array, weights: Weights) -> Array:
        xp = x.__array_namespace__()
        angles = self.angles(xp, x.shape[1:]).T
        cos, sin = xp.cos(angles), xp.sin(angles)
        halves = x.reshape(len(x), self.heads, 2, -1, x.shape[2])
        p, q = halves[:, :, 0], halves[:, :, 1]
        turned = xp.stack([p * cos - q * sin, q * cos + p * sin], 2)
        return turned.reshape(x.shape)
