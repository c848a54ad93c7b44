"""Attention: every position reads the others, or some of them.

Projections are layers of the branches: these ops have no weights but `relative_bias`.
"""

from collections.abc import Sequence
from math import prod
from typing import Annotated, ClassVar

from archspec.errors import ShapeError
from archspec.ops.attending import Attending, Headed
from archspec.ops.attributes import Doc
from archspec.ops.base import Array, Weight, Weights
from archspec.ops.fields import (
    STATIC,
    BiasField,
    Count,
    Examples,
    Index,
    Initializer,
    Optional,
    Positive,
    Share,
    positive,
)
from archspec.ops.places import Places
from archspec.ops.shapes import Shape


class Attention(Headed):
    """Scaled dot-product attention (Vaswani et al. 2017, section 3.2).

    softmax(scale * query . key + bias) value within each head, over all positions, over
    those of a `window`, or over those whose row and column differ by multiples of
    `dilation`. `shift` rolls the feature map before it is cut into windows (Liu et al.
    2021, section 3.2), and `relative_bias` learns a number for each head and offset.
    """

    name = "attention"
    weight_axes = "heads rows columns"

    initializer: ClassVar[Initializer] = "truncated_normal", 0.02
    """Of `relative_bias`."""

    window: Annotated[
        Index,
        Examples(0, 2, 4),
        Doc("Positions see those of their window of `window x window`; 0 for all."),
    ] = 0
    shift: Annotated[
        Index,
        Examples(0, 1),
        Doc("Roll the feature map by this before it is cut into windows."),
    ] = 0
    dilation: Annotated[
        Count,
        Examples(1, 2),
        Doc("Positions see those whose row and column differ by multiples of this."),
    ] = 1
    relative_bias: BiasField = None
    scale: Annotated[
        float | None,
        Optional(positive),
        STATIC,
        Examples(None, 0.5, 1),
        Doc("Factor of the scores, by default `1 / sqrt(d)`."),
    ] = None
    dropout: Annotated[
        Share, Examples(0, 0.1), Doc("Rate of dropout of the weights, in training.")
    ] = 0.0

    def places(self, query: Shape, key: Shape) -> Places:
        if self.shift and self.shift >= self.window:
            raise ShapeError(
                f"'shift' must be below 'window', but is {self.shift} of {self.window}",
                f"use a shift of {self.window // 2}, half of the window"
                if self.window
                else "remove 'shift', or add 'window'",
            )
        if self.window and self.dilation > 1:
            raise ShapeError(
                f"attention has both a window of {self.window} and a dilation of "
                f"{self.dilation}",
                "write two layers of attention, one with each",
            )
        if self.window:
            size = self.same_map("window", query, key)
            return Places.windows(size, self.window, self.shift)
        if self.dilation > 1:
            return Places.grid(self.same_map("dilation", query, key), self.dilation)
        if self.relative_bias is not None:
            self.same_map("relative_bias", query, key)
        return Places(query[1:])

    def weights(self, shape: Shape, *others: Shape) -> dict[str, Weight]:
        """`table` of `relative_bias` (heads, rows, columns)."""
        if self.relative_bias is None:
            return {}
        query, key, _ = self.three((shape, *others))
        rows, columns = self.places(query, key).group
        if self.relative_bias == "signed":
            rows, columns = 2 * rows - 1, 2 * columns - 1
        return {"table": Weight((self.heads, rows, columns), initial=None)}

    def macs(self, shape: Shape, *others: Shape) -> int:
        """Scores, and the sums of values that they weigh."""
        size, value_size, _ = self.sizes(*self.three((shape, *others)))
        return self.scratch(shape, *others) * (size + value_size)

    def scratch(self, shape: Shape, *others: Shape) -> int:
        """The matrix of scores: for each head, query, and key that it sees."""
        query, key, _ = self.three((shape, *others))
        seen = prod(key[1:]) // self.places(query, key).groups
        return self.heads * prod(query[1:]) * seen

    def kept_numbers(self, shape: Shape, *others: Shape) -> int:
        """What the scores of each query add up to, for each head."""
        return self.heads * prod(shape[1:])

    def evaluate(self, x: Array, weights: Weights, *others: Array) -> Array:
        query, key, value = self.parts((x, *others))
        shapes = query.shape[1:], key.shape[1:], value.shape[1:]
        size, _, groups = self.sizes(*shapes)
        places = self.places(*shapes[:2])
        q = self.by_head(places.split(query), self.heads)
        k, v = (self.by_head(places.split(part), groups) for part in (key, value))
        scale = size**-0.5 if self.scale is None else self.scale
        scores = scale * (q.swapaxes(-1, -2) @ k)
        if self.relative_bias is not None:
            rows, columns = places.offsets(x, signed=self.relative_bias == "signed")
            scores = scores + weights["table"][:, rows, columns]
        if self.shift:
            scores = scores + places.mask(x)[:, None]
        xp = x.__array_namespace__()
        powers = xp.exp(scores - scores.max(-1, keepdims=True))
        seen = v @ (powers / powers.sum(-1, keepdims=True)).swapaxes(-1, -2)
        return places.merge(seen.reshape(*seen.shape[:2], -1, seen.shape[-1]))


class LinearAttention(Headed):
    """Linear attention (Katharopoulos et al. 2020, section 3.2).

    query (key^T value) / (query . sum of keys + epsilon) within each head. Queries and
    keys are usually made non-negative: end their branches in `activation: relu`.
    """

    name = "linear_attention"

    epsilon: Annotated[
        Positive, STATIC, Examples(1e-5, 1e-3), Doc("Added to the denominator.")
    ] = 1e-5

    def macs(self, shape: Shape, *others: Shape) -> int:
        """Sums over the keys, their products with queries, and the denominators."""
        query, key, value = self.three((shape, *others))
        size, value_size, _ = self.sizes(query, key, value)
        at_query, at_key = prod(query[1:]), prod(key[1:])
        products = (at_key + at_query) * size * value_size + at_query * size
        return self.heads * products

    def evaluate(self, x: Array, weights: Weights, *others: Array) -> Array:
        query, key, value = self.parts((x, *others))
        shapes = query.shape[1:], key.shape[1:], value.shape[1:]
        groups, places = self.sizes(*shapes)[2], self.places(*shapes[:2])
        q = self.by_head(places.split(query), self.heads)
        k, v = (
            self.by_head(Places(part.shape[2:]).split(part), groups)
            for part in (key, value)
        )
        summed = (v @ k.swapaxes(-1, -2)) @ q
        divisors = (k.sum(-1, keepdims=True) * q).sum(-2, keepdims=True)
        seen = summed / (divisors + self.epsilon)
        return places.merge(seen.reshape(*seen.shape[:2], -1, seen.shape[-1]))


class SeparableAttention(Attending):
    """Separable self-attention (Mehta and Rastegari 2022, MobileViTv2, section 3.2).

    value * sum(softmax(query) * key): the query has one channel, whose softmax over
    positions weighs the keys.
    """

    name = "separable_attention"

    dilation: Annotated[
        Count,
        Examples(1, 2),
        Doc("Positions see those whose row and column differ by multiples of this."),
    ] = 1

    def places(self, query: Shape, key: Shape) -> Places:
        if query[1:] != key[1:]:
            raise ShapeError(
                "separable_attention needs queries and keys at the same positions, but "
                f"the query is {query} and the key {key}",
                "remove the stride of the branch",
            )
        if self.dilation == 1:
            return Places(query[1:])
        return Places.grid(self.same_map("dilation", query, key), self.dilation)

    def infer(self, shape: Shape, *others: Shape, names: Sequence[str] = ()) -> Shape:
        """(1, ...), (channels, ...), (channels, ...) -> (channels, ...)."""
        if not others:
            raise ShapeError(
                "separable_attention needs a query of one channel, but has no branches",
                "write {separable_attention: {query: {query: {conv: 1}}, "
                "key: {...}, value: {...}}}",
            )
        query, key, value = self.three((shape, *others))
        if query[0] != 1:
            raise ShapeError(
                "separable_attention needs a query of one channel, but it has "
                f"{query[0]}",
                "end the branch 'query' in a layer of one channel: {conv: 1}",
            )
        if key[0] != value[0]:
            raise ShapeError(
                "separable_attention needs equal channels of keys and values, but the "
                f"key has {key[0]} and the value {value[0]}",
                f"end the branch 'key' in a layer of {value[0]} channels",
            )
        self.places(query, key)
        return value

    def macs(self, shape: Shape, *others: Shape) -> int:
        """The sums of keys that the queries weigh."""
        return prod(self.three((shape, *others))[1])

    def evaluate(self, x: Array, weights: Weights, *others: Array) -> Array:
        xp = x.__array_namespace__()
        places = self.places(x.shape[1:], others[0].shape[1:])
        q, k, v = (places.split(part) for part in (x, *others))
        powers = xp.exp(q - q.max(-1, keepdims=True))
        context = (powers / powers.sum(-1, keepdims=True) * k).sum(-1, keepdims=True)
        return places.merge(v * context)
