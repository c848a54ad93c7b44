"""Attention: every position reads the others, or some of them.

Projections are layers of the branches: these ops have no weights but `relative_bias`.
"""

from collections.abc import Sequence
from math import prod
from typing import Annotated, ClassVar

from archspec.errors import ShapeError
from archspec.ops.base import Array, Weight, Weights, shared_out
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
from archspec.ops.join import Join
from archspec.ops.places import Places
from archspec.ops.shapes import Shape, rank

Three = tuple[Shape, Shape, Shape]


class Attending(Join):
    """What all kinds of attention have: a query, a key and a value."""

    roles = ("query", "key", "value")
    attends = True
    elementwise = False

    def is_idle(self, shape: Shape, *others: Shape) -> bool:
        return False

    def is_non_negative(self, given: bool) -> bool:
        return given

    def three(self, shapes: Sequence[Shape]) -> Three:
        """Queries, keys and values; of one input, a third of its channels each.

        Raises:
            ShapeError: an input has no positions, or channels that are no thirds.
        """
        if len(shapes) == 1:
            channels, positions = shapes[0][0], shapes[0][1:]
            third, rest = divmod(channels, 3)
            if rest:
                raise ShapeError(
                    f"{self.name} of one input reads queries, keys and values, a third "
                    f"of the channels each, but {channels} are no multiple of 3",
                    "write qkv: {dense: 3 * channels} before it, or name its branches: "
                    "query, key and value",
                )
            part = third, *positions
            shapes = part, part, part
        query, key, value = shapes
        for role, shape in zip(self.roles, (query, key, value), strict=True):
            if rank(shape) == 0:
                raise ShapeError(
                    f"{self.name} needs positions, but its {role} is a vector of "
                    f"{shape[0]}",
                    "it reads feature maps and sequences: write it before "
                    "'global_avg_pool' or 'flatten'",
                )
        if key[1:] != value[1:]:
            raise ShapeError(
                f"{self.name} needs keys and values at the same positions, but its key "
                f"is {key} and its value {value}",
                "give the branches 'key' and 'value' the same strides",
            )
        return query, key, value

    def parts(self, inputs: Sequence[Array]) -> Sequence[Array]:
        """Queries, keys and values."""
        if len(inputs) > 1:
            return inputs
        third = inputs[0].shape[1] // 3
        return [inputs[0][:, third * n : third * (n + 1)] for n in range(3)]

    def places(self, query: Shape, key: Shape) -> Places:
        """Which positions see each other: all.

        Raises:
            ShapeError: queries and keys are at other positions than the op needs.
        """
        return Places(query[1:])

    def same_map(self, attribute: str, query: Shape, key: Shape) -> tuple[int, int]:
        """Height and width of queries and keys.

        Raises:
            ShapeError: they are no feature maps, or have different sizes.
        """
        if len(query) != 3 or len(key) != 3:
            raise ShapeError(
                f"'{attribute}' needs feature maps, but the query is {query} and the "
                f"key {key}",
                f"remove '{attribute}'",
            )
        if query[1:] != key[1:]:
            raise ShapeError(
                f"'{attribute}' needs queries and keys at the same positions, but the "
                f"query is {query} and the key {key}",
                f"remove '{attribute}', or the stride of the keys",
            )
        return query[1], query[2]


class Headed(Attending):
    """Attention whose channels are shared out to heads."""

    heads: Annotated[Count, Examples(1, 2, 3)] = 1

    def sizes(self, query: Shape, key: Shape, value: Shape) -> tuple[int, int, int]:
        """Channels of a head's queries and of its values, and heads of the keys.

        Raises:
            ShapeError: channels are not shared out evenly.
        """
        each = shared_out(query[0], self.heads, "query channels", unit="heads")
        groups, rest = divmod(key[0], each)
        if rest or not groups or self.heads % groups:
            raise ShapeError(
                f"the key needs {each} channels for each of its heads, whose number "
                f"divides {self.heads}, but has {key[0]} channels",
                f"give the key {self.heads * each} channels, or {each} for one head "
                "that all queries share",
            )
        return (
            each,
            shared_out(value[0], groups, "value channels", unit="heads"),
            groups,
        )

    def infer(self, shape: Shape, *others: Shape, names: Sequence[str] = ()) -> Shape:
        """(heads * d, ...), (g * d, ...), (g * e, ...) -> (heads * e, ...)."""
        query, key, value = self.three((shape, *others))
        _, size, _ = self.sizes(query, key, value)
        self.places(query, key)
        return self.heads * size, *query[1:]

    def by_head(self, x: Array, groups: int) -> Array:
        """(N, G, channels, positions) -> (N, G, heads, channels of a head, positions).

        A head of the keys or values serves several heads in a row.
        """
        split = x.reshape(*x.shape[:2], groups, -1, x.shape[3])
        repeats = self.heads // groups
        return x.__array_namespace__().repeat(split, repeats, axis=2)


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

    window: Annotated[Index, Examples(0, 2, 4)] = 0
    shift: Annotated[Index, Examples(0, 1)] = 0
    dilation: Annotated[Count, Examples(1, 2)] = 1
    relative_bias: BiasField = None
    scale: Annotated[
        float | None, Optional(positive), STATIC, Examples(None, 0.5, 1)
    ] = None
    dropout: Annotated[Share, Examples(0, 0.1)] = 0.0

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
        query, key, value = self.three((shape, *others))
        size, value_size, _ = self.sizes(query, key, value)
        places = self.places(query, key)
        seen = prod(key[1:]) // places.groups
        return self.heads * prod(query[1:]) * seen * (size + value_size)

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

    epsilon: Annotated[Positive, STATIC, Examples(1e-5, 1e-3)] = 1e-5

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

    dilation: Annotated[Count, Examples(1, 2)] = 1

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
