"""Activations, and ops that act in training only."""

from typing import Annotated

from archspec.ops.base import Array, Idle, Op, Shape, Weights
from archspec.ops.fields import Examples, Kind, Number, Share
from archspec.words import ACTIVATIONS

Rate = Annotated[Share, Examples(0.1, 0.3, 0)]


class Activation(Op):
    """A non-linearity, by its exact formula.

    `slope` is the factor of negative numbers in `leaky_relu`, and has no meaning
    elsewhere.
    """

    name = "activation"
    keeps_sign = True

    kind: Kind
    slope: Annotated[Number, Examples(0.1, 1, 0.3)] = 0.01

    def is_idle(self, shape: Shape) -> bool:
        return self.kind == "identity"

    def is_non_negative(self, given: bool) -> bool:
        return given or ACTIVATIONS[self.kind].non_negative

    def evaluate(self, x: Array, weights: Weights) -> Array:
        xp = x.__array_namespace__()
        if self.kind == "leaky_relu":
            x = xp.where(x > 0, x, self.slope * x)
        return ACTIVATIONS[self.kind].of(x, xp)


class Dropout(Idle):
    """Sets a fraction `rate` of the numbers to 0 (Srivastava et al. 2014).

    The rest is scaled by 1 / (1 - `rate`). Where those among the document's `layers`
    have one rate, it is the argument `dropout` of the generated code.
    """

    name = "dropout"

    rate: Rate


class DropPath(Idle):
    """Dropout of whole samples.

    Stochastic depth (Huang et al. 2016) at the end of a residual branch.
    """

    name = "drop_path"

    rate: Rate
