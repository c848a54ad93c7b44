"""Activations and dropout."""

from math import prod
from typing import Annotated

from archspec.ops.attributes import Doc
from archspec.ops.base import INPUT, NOTHING, OUTPUT, Array, Idle, Kept, Op, Weights
from archspec.ops.fields import Examples, Kind, Number, Share, Usual
from archspec.ops.shapes import Shape
from archspec.words import ACTIVATIONS

_USUAL_RATE = Usual(0, 0.9, "it is the fraction of zeros: 0.5 for half")
Rate = Annotated[
    Share, Examples(0.1, 0.3, 0), _USUAL_RATE, Doc("Probability of zero, in training.")
]


class Activation(Op):
    """Activation function, by its exact formula.

    `slope` is the negative slope of `leaky_relu`; other kinds ignore it.
    """

    name = "activation"
    keeps_sign = True
    elementwise = True
    in_place = True

    kind: Kind
    slope: Annotated[
        Number, Examples(0.1, 1, 0.3), Doc("Negative slope of `leaky_relu`.")
    ] = 0.01

    def is_idle(self, shape: Shape) -> bool:
        return self.kind == "identity"

    def kept(self) -> Kept:
        if self.kind == "identity":
            return NOTHING
        return OUTPUT if ACTIVATIONS[self.kind].by_output else INPUT

    def is_non_negative(self, given: bool) -> bool:
        return given or ACTIVATIONS[self.kind].non_negative

    def evaluate(self, x: Array, weights: Weights) -> Array:
        xp = x.__array_namespace__()
        if self.kind == "leaky_relu":
            x = xp.where(x > 0, x, self.slope * x)
        return ACTIVATIONS[self.kind].of(x, xp)


class Dropout(Idle):
    """Zero each element with probability `rate` (Srivastava et al. 2014).

    The rest is scaled by 1 / (1 - `rate`). If all dropouts in the document's `layers`
    have the same rate, it is the argument `dropout` of the generated code.
    """

    name = "dropout"

    rate: Rate

    def kept_numbers(self, shape: Shape, *others: Shape) -> int:
        """Which numbers stay, and by what they are multiplied."""
        return prod(shape)


class DropPath(Idle):
    """Stochastic depth: zero whole samples with probability `rate`.

    The rest is scaled by 1 / (1 - `rate`) (Huang et al. 2016).
    """

    name = "drop_path"
    elementwise = False

    rate: Rate
