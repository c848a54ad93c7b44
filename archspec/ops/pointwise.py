"""Functions of single numbers, softmax, and ops that act in training only."""

from typing import Annotated

from archspec.ops.base import Array, Idle, Op, Shape, Weights
from archspec.ops.fields import Examples, Kind, Number, Share
from archspec.words import ACTIVATIONS

Rate = Annotated[Share, Examples(0.1, 0.3, 0)]


class Activation(Op):
    """A non-linearity, by its exact formula.

    hard_sigmoid is relu6(x + 3) / 6 and hard_swish x times that (Howard et al. 2019,
    MobileNetV3, section 5.2); swish is x sigmoid(x); gelu uses the error function,
    gelu_tanh its approximation; softmax is over the channels; `slope` is the factor
    of negative numbers in leaky_relu, and of no meaning elsewhere.
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
    """Sets a share of the numbers to 0 and scales the rest (Srivastava et al. 2014)."""

    name = "dropout"

    rate: Rate


class DropPath(Idle):
    """Sets all of a sample to 0 at a rate, and scales the other samples.

    Stochastic depth (Huang et al. 2016), where it ends the branch of a residual.
    """

    name = "drop_path"

    rate: Rate
