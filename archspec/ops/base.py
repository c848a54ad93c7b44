"""The base class of primitives: attributes, a shape rule, weights and a cost.

Shapes omit the batch and have channels first, see `shapes`. One multiply-accumulate is
one MAC; biases, normalisation, activations and pooling count as none.
"""

from abc import ABC, abstractmethod
from collections import ChainMap
from collections.abc import Mapping
from math import gcd, prod
from typing import Any, ClassVar, Literal, NamedTuple

from archspec.errors import ShapeError
from archspec.ops.attributes import Attributes
from archspec.ops.fields import STATIC
from archspec.ops.shapes import KINDS, Kind, Shape, check_kind

OPS: dict[str, type["Op"]] = {}
"""Primitives of one input by name; a class with a `name` registers itself."""

JOINS: dict[str, type["Op"]] = {}
"""Those of several inputs."""

PRIMITIVES = ChainMap(OPS, JOINS)
"""All of them."""


Array = Any
"""A NumPy array. Modules here use `x.__array_namespace__()` instead of an import.

Arrays have the batch first, then channels: (N, channels, ...).
"""

Kept = frozenset[Literal["input", "output"]]
NOTHING: Kept = frozenset()
INPUT: Kept = frozenset({"input"})
OUTPUT: Kept = frozenset({"output"})

Weights = Mapping[str, Array]
Customs = Mapping[str, Mapping[str, str]]


class Weight(NamedTuple):
    """A weight in its canonical axis order, as returned by `Op.weights`."""

    shape: Shape
    initial: float | None = 0.0
    """Initial value; None if the op's `initializer` samples it."""
    trainable: bool = True

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)


MAX_DIVISOR = 1_000
"""Of those that help on groups proposes: larger ones would take long to find."""


def shared_out(
    channels: int, groups: int, what: str, others: int = 0, *, unit: str = "groups"
) -> int:
    """Channels per group; `others` are further channels that the groups share.

    Raises:
        ShapeError: `channels` is not a multiple of `groups`.
    """
    each, rest = divmod(channels, groups)
    if rest:
        raise ShapeError(
            f"{channels} {what} are not a multiple of {groups} {unit}: "
            f"{channels} = {each} * {groups} + {rest}",
            _advice_on_groups(channels, groups, what, others, unit),
        )
    return each


def _advice_on_groups(
    channels: int, groups: int, what: str, others: int, unit: str
) -> str:
    """Help with the numbers of groups that divide all channels, nearest to `groups`."""
    common = gcd(channels, others)
    most = min(2 * groups, common, MAX_DIVISOR)
    divisors = [n for n in range(1, most + 1) if common % n == 0]
    *near, last = sorted(sorted(divisors, key=lambda n: abs(n - groups))[:3])
    another = f"another number of {what}"
    if unit == "heads":
        another += ", a third of the channels of a single input"
    if near:
        return f"use {', '.join(map(str, near))} or {last} {unit}, or {another}"
    return f"remove '{unit}', or use {another}" if others else f"use {another}"


class Op(Attributes, ABC):
    """A primitive with one input and one output, by default of the same shape.

    The first attribute is the main one (`conv: 32`). Required attributes come from the
    layer, from `defaults` of the spec, or from `fallbacks`.
    """

    name: ClassVar[str]
    """Name in specs."""

    fallbacks: ClassVar[Mapping[str, str]] = {}
    """Defaults that are expressions over `channels`, `positions` (their number, 1 of a
    vector) and the other attributes."""

    output_channels: ClassVar[str] = "channels"
    """Output channels, as an expression over the same."""

    weight_axes: ClassVar[str] = ""
    """Axes of `weight` in einops notation; other weights are vectors."""

    customs: ClassVar[Customs] = {}
    """Usual values of attributes by where they are usual, if there are several."""

    inherits: ClassVar[str | None] = None
    """Another op whose `defaults` also apply to this one."""

    sample: ClassVar[Shape] = (6, 9, 12)
    """An input that suits the examples of the attributes."""

    like: ClassVar[str | None] = None
    """The attribute that `like: LAYER` sets to the height and width of that layer."""

    kinds: ClassVar[tuple[Kind, ...]] = KINDS
    """The kinds of tensors that it takes; messages ask for the first."""

    elementwise: ClassVar[bool] = False
    """Whether it reads each number by itself, whatever the axes are."""

    in_place: ClassVar[bool] = False
    """Whether its output can be where its input is, with nothing else to be moved."""

    is_view: ClassVar[bool] = False
    """Whether its output is its input, in another shape."""

    sized: ClassVar[bool] = False
    """Whether the number of positions decides about weights or channels."""

    linear: ClassVar[bool] = False
    """Whether a following batch norm can be folded into `weight` and `bias`."""

    fresh_output: ClassVar[bool] = False
    """Whether an activation may overwrite its output in place."""

    keeps_sign: ClassVar[bool] = False
    """Whether a non-negative input gives a non-negative output."""

    roles: ClassVar[tuple[str, ...]] = ()
    """Of a join whose branches have fixed names, these: a branch that is not written is
    the input itself."""

    needs_branches: ClassVar[bool] = False
    """Whether it cannot read a single tensor."""

    attends: ClassVar[bool] = False
    """Whether its MACs are products of activations, as in attention."""

    registry: ClassVar[dict[str, type["Op"]]] = OPS
    """The table that it is in by its name."""

    static_fields: ClassVar[frozenset[str]] = frozenset()
    """Attributes that frameworks need as constants."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        fields = cls.fields.items()
        cls.static_fields = frozenset(n for n, f in fields if STATIC in f.metadata)
        if "name" in cls.__dict__:
            cls.registry[cls.name] = cls

    def infer(self, shape: Shape) -> Shape:
        """The output shape.

        Raises:
            ShapeError: invalid input shape; the message shows the arithmetic.
        """
        return shape

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """Weights for an input of this shape, by canonical name."""
        return {}

    def is_idle(self, shape: Shape) -> bool:
        """Whether the op is the identity outside training."""
        return False

    def is_non_negative(self, given: bool) -> bool:
        """Whether the output is non-negative; `given`: whether the input is."""
        return given and self.keeps_sign

    @classmethod
    def has_weights(cls) -> bool:
        """Whether it has weights for some input."""
        return cls.weights is not Op.weights

    @abstractmethod
    def evaluate(self, x: Array, weights: Weights) -> Array:
        """The output outside training, computed in double precision."""

    def macs(self, shape: Shape) -> int:
        """Multiply-accumulates: elements of `weight` times positions of the output."""
        weight = self.weights(shape).get("weight")
        return 0 if weight is None else weight.size * prod(self.infer(shape)[1:])

    def check_kind(self, shape: Shape) -> None:
        """Raise ShapeError if the op does not take tensors of this kind."""
        check_kind(self.name, shape, self.kinds)

    def scratch(self, shape: Shape, *others: Shape) -> int:
        """Numbers that it holds while it runs, besides its inputs and output."""
        return 0

    def kept(self) -> Kept:
        """The tensors that training keeps for its backward pass."""
        return INPUT if self.has_weights() else NOTHING

    def kept_numbers(self, shape: Shape, *others: Shape) -> int:
        """Further numbers of 32 bits that training keeps for its backward pass."""
        return 0

    def as_map(self, shape: Shape) -> tuple[int, int, int]:
        """The shape as channels, height and width.

        Raises:
            ShapeError: it is no feature map.
        """
        self.check_kind(shape)
        channels, height, width = shape
        return channels, height, width

    def as_sequence(self, shape: Shape) -> tuple[int, int]:
        """The shape as channels and positions.

        Raises:
            ShapeError: it is no sequence.
        """
        self.check_kind(shape)
        channels, positions = shape
        return channels, positions


class Idle(Op):
    """An op that is the identity outside training."""

    keeps_sign = True
    elementwise = True
    in_place = True

    def is_idle(self, shape: Shape) -> bool:
        return True

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x


def positions(x: Array) -> tuple[int, ...]:
    """The axes of an array's positions."""
    return tuple(range(2, x.ndim))


def along(values: Any, x: Array) -> Array:
    """One number, or one per channel, broadcast to an array."""
    numbers = x.__array_namespace__().asarray(values, float)
    return numbers.reshape(-1, *(1 for _ in x.shape[2:]))
