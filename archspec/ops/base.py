"""What every primitive is: attributes, a shape rule, weights, and a cost.

Shapes leave out the batch and put channels first: (channels, height, width) for a
map, (channels,) for a vector. One multiply-accumulate is one MAC; biases,
normalisation, activations and pooling are none.
"""

from collections.abc import Mapping
from math import prod
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from archspec.errors import ShapeError
from archspec.ops.fields import STATIC

Shape = tuple[int, ...]

OPS: dict[str, type["Op"]] = {}
"""Every primitive by its word: a class with a `name` registers itself."""


class Weight(NamedTuple):
    """A weight in the canonical order of its axes, which each op's `weights` gives."""

    shape: Shape
    trainable: bool = True

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)


def shared_out(channels: int, groups: int, what: str) -> int:
    """How many of the channels each of `groups` equal parts has.

    Raises:
        ShapeError: they are no multiple of `groups`.
    """
    each, rest = divmod(channels, groups)
    if rest:
        below = f"{each * groups} or " if each else ""
        raise ShapeError(
            f"{channels} {what} are no multiple of {groups} groups: "
            f"{channels} = {each} * {groups} + {rest}",
            f"take {below}{(each + 1) * groups} of them, or other groups",
        )
    return each


class Op(BaseModel):
    """A primitive: one input, one output, the shape unchanged unless it says so.

    Its first attribute is the main one, for which `conv: 32` is short. A required
    attribute comes from the spec, from its `defaults`, or from `fallbacks`.
    """

    # deferred: a command that needs five ops should not wait for validators of all
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", defer_build=True
    )

    name: ClassVar[str]
    """The word of the spec."""

    fallbacks: ClassVar[Mapping[str, str]] = {}
    """Defaults that are expressions over `channels` and the other attributes."""

    output_channels: ClassVar[str] = "channels"
    """The output's channels as an expression over `channels` and the attributes."""

    weight_axes: ClassVar[str] = ""
    """The axes of `weight`, as einops writes them; other weights are vectors."""

    inherits: ClassVar[str | None] = None
    """The op whose `defaults` in the spec hold here too."""

    static_fields: ClassVar[frozenset[str]] = frozenset()
    """The attributes that frameworks need as constants."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        fields = cls.model_fields.items()
        cls.static_fields = frozenset(n for n, f in fields if STATIC in f.metadata)
        if "name" in cls.__dict__:
            OPS[cls.name] = cls

    @classmethod
    def main(cls) -> str | None:
        """The attribute that `name: {op: value}` sets; None where there is none."""
        return next(iter(cls.model_fields), None)

    def infer(self, shape: Shape) -> Shape:
        """The output's shape.

        Raises:
            ShapeError: the op cannot take this input; the message has the arithmetic.
        """
        return shape

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """The weights for an input of this shape, by their canonical names."""
        return {}

    def macs(self, shape: Shape) -> int:
        """Multiply-accumulates: all of `weight`, at every position of the output."""
        weight = self.weights(shape).get("weight")
        return 0 if weight is None else weight.size * prod(self.infer(shape)[1:])

    def parameters(self, shape: Shape) -> int:
        """All weights, moving statistics included."""
        return sum(weight.size for weight in self.weights(shape).values())

    def trainable_parameters(self, shape: Shape) -> int:
        """The weights that training changes by gradient."""
        return sum(w.size for w in self.weights(shape).values() if w.trainable)

    def as_map(self, shape: Shape) -> tuple[int, int, int]:
        """The shape as channels, height and width.

        Raises:
            ShapeError: it is a vector.
        """
        if len(shape) != 3:
            raise ShapeError(
                f"{self.name} needs a map (channels, height, width), "
                f"but its input is a vector of {shape[0]}",
                "'global_avg_pool' and 'flatten' make vectors; "
                "'global_avg_pool: {keep_size: true}' keeps a map of 1x1",
            )
        channels, height, width = shape
        return channels, height, width
