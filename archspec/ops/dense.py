"""The fully connected layer."""

from archspec.ops.base import Op, Shape, Weight
from archspec.ops.convolution import GLOROT
from archspec.ops.fields import Count, Flag, InitializerField


class Dense(Op):
    """A linear map of the channels, the same at every position of a map."""

    name = "dense"
    weight_axes = "out in"
    output_channels = "units"

    units: Count
    bias: Flag = True
    initializer: InitializerField = GLOROT

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> (units, ...)."""
        return self.units, *shape[1:]

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`weight` (units, channels), `bias` (units)."""
        weight = {"weight": Weight((self.units, shape[0]))}
        return weight | ({"bias": Weight((self.units,))} if self.bias else {})
