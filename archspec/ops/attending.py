"""Queries, keys and values: what all kinds of attention have."""

from collections.abc import Sequence
from typing import Annotated

from archspec.errors import ShapeError
from archspec.ops.attributes import Doc
from archspec.ops.base import INPUT, OUTPUT, Array, Kept, shared_out
from archspec.ops.fields import Count, Examples
from archspec.ops.join import Join
from archspec.ops.places import Places
from archspec.ops.shapes import Shape, rank

Three = tuple[Shape, Shape, Shape]


class Attending(Join):
    """What all kinds of attention have: a query, a key and a value."""

    roles = ("query", "key", "value")
    needs_branches = True
    attends = True
    elementwise = False

    def kept(self) -> Kept:
        return INPUT | OUTPUT

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
    """Attention whose channels are divided among heads."""

    needs_branches = False

    heads: Annotated[Count, Examples(1, 2, 3), Doc("Attention heads.")] = 1

    def sizes(self, query: Shape, key: Shape, value: Shape) -> tuple[int, int, int]:
        """Channels of a head's queries and of its values, and heads of the keys.

        Raises:
            ShapeError: the heads do not divide the channels.
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
