"""Functions of single numbers, and softmax."""

from typing import Literal

from archspec.ops.base import Op
from archspec.ops.fields import Number

Kind = Literal[
    "relu",
    "relu6",
    "leaky_relu",
    "hard_swish",
    "hard_sigmoid",
    "sigmoid",
    "swish",
    "gelu",
    "gelu_tanh",
    "tanh",
    "softmax",
    "identity",
]


class Activation(Op):
    """A non-linearity, by its exact formula.

    hard_sigmoid is relu6(x + 3) / 6 and hard_swish x times that (Howard et al. 2019,
    MobileNetV3, section 5.2); swish is x sigmoid(x); gelu uses the error function,
    gelu_tanh its approximation; softmax is over the channels; `slope` is the factor
    of negative numbers in leaky_relu, and of no meaning elsewhere.
    """

    name = "activation"

    kind: Kind
    slope: Number = 0.01
