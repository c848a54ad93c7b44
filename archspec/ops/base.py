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


Array = Any
"""One of NumPy, which nothing here imports: `x.__array_namespace__()` is the library.

Like shapes, arrays have channels first, behind the batch: (N, channels, ...).
"""

Weights = Mapping[str, Array]


class Weight(NamedTuple):
    """A weight in the canonical order of its axes, which each op's `weights` gives."""

    shape: Shape
    initial: float | None = 0.0
    """Where all its numbers start; None where the op's `initializer` draws them."""
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
            f"{channels} {what} are not a multiple of {groups} groups: "
            f"{channels} = {each} * {groups} + {rest}",
            f"use {below}{(each + 1) * groups}, or another number of groups",
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

    like: ClassVar[str | None] = None
    """The attribute that `like: LAYER` gives: the height and width of that layer."""

    linear: ClassVar[bool] = False
    """Whether it is all `weight` and `bias`: batch norm behind it folds into these."""

    fresh_output: ClassVar[bool] = False
    """Whether an activation may overwrite its output: its gradient needs it no more."""

    keeps_sign: ClassVar[bool] = False
    """Whether it makes no negative numbers of others."""

    static_fields: ClassVar[frozenset[str]] = frozenset()
    """The attributes that frameworks need as constants."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        fields = cls.model_fields.items()
        cls.static_fields = frozenset(n for n, f in fields if STATIC in f.metadata)
        if "name" in cls.__dict__:
            OPS[cls.name] = cls

    def infer(self, shape: Shape) -> Shape:
        """The output's shape.

        Raises:
            ShapeError: the op cannot take this input; the message has the arithmetic.
        """
        return shape

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """The weights for an input of this shape, by their canonical names."""
        return {}

    def is_idle(self, shape: Shape) -> bool:
        """Whether its output is its input, outside training."""
        return False

    def is_non_negative(self, given: bool) -> bool:
        """Whether its output has no negative numbers; `given` says it of its input."""
        return given and self.keeps_sign

    def evaluate(self, x: Array, weights: Weights) -> Array:
        """The output, outside training, by plain sums in double precision."""
        raise NotImplementedError(self.name)

    def macs(self, shape: Shape) -> int:
        """Multiply-accumulates: all of `weight`, at every position of the output."""
        weight = self.weights(shape).get("weight")
        return 0 if weight is None else weight.size * prod(self.infer(shape)[1:])

    def as_map(self, shape: Shape) -> tuple[int, int, int]:
        """The shape as channels, height and width.

        Raises:
            ShapeError: it is a vector.
        """
        if len(shape) != 3:
            raise ShapeError(
                f"{self.name} needs a feature map (channels, height, width), "
                f"but its input is a vector of {shape[0]}",
                "'global_avg_pool' and 'flatten' make vectors; "
                "'global_avg_pool: {keep_size: true}' keeps a map of 1x1",
            )
        channels, height, width = shape
        return channels, height, width


class Idle(Op):
    """An op whose output is its input, outside training."""

    keeps_sign = True

    def is_idle(self, shape: Shape) -> bool:
        return True

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x


def along(values: Any, x: Array) -> Array:
    """One number, or one for each channel, to go with an array."""
    numbers = x.__array_namespace__().asarray(values, float)
    return numbers.reshape(-1, *(1 for _ in x.shape[2:]))
