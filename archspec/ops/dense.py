"""The fully connected layer."""

from typing import Annotated

from archspec.ops.base import Array, Op, Shape, Weight, Weights, along
from archspec.ops.convolution import GLOROT, kernel_and_bias
from archspec.ops.fields import Count, Examples, Flag, InitializerField


class Dense(Op):
    """A linear map of the channels, the same at every position of a map."""

    name = "dense"
    linear = True
    weight_axes = "out in"
    output_channels = "units"

    units: Annotated[Count, Examples(6, 4)]
    bias: Flag = True
    initializer: InitializerField = GLOROT

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> (units, ...)."""
        return self.units, *shape[1:]

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`weight` (units, channels), `bias` (units)."""
        return kernel_and_bias((self.units, shape[0]), self.bias and self.units)

    def evaluate(self, x: Array, weights: Weights) -> Array:
        xp = x.__array_namespace__()
        x = xp.einsum("nc...,oc->no...", x, weights["weight"], optimize=True)
        return x + along(weights.get("bias", 0.0), x)
