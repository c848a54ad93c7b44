"""Normalisation."""

from typing import Annotated, ClassVar

from archspec.errors import ShapeError
from archspec.ops.base import (
    Array,
    Customs,
    Op,
    Weight,
    Weights,
    along,
    shared_out,
)
from archspec.ops.fields import (
    STATIC,
    Count,
    EachNumber,
    EachPositive,
    Examples,
    Number,
    Positive,
    Share,
    Usual,
)
from archspec.ops.shapes import Shape

_USUAL_EPSILON = Usual(0, 0.1, "usual values are 1e-3, 1e-5 and 1e-6")
_USUAL_DECAY = Usual(
    0.5,
    1,
    "it is the weight of the old average, 1 - PyTorch's momentum: 0.9 for momentum 0.1",
)
Epsilon = Annotated[Positive, STATIC, Examples(1e-3, 1e-5, 1), _USUAL_EPSILON]


class BatchNorm(Op):
    """Batch normalisation (Ioffe and Szegedy 2015).

    `decay` is the weight of the *old* moving average: `momentum` in Keras and Flax,
    1 - `momentum` in PyTorch.
    """

    name = "batch_norm"
    fresh_output = True
    customs: ClassVar[Customs] = {
        " as in PyTorch": {"epsilon": "1e-5", "decay": "0.9"},
        " as in Keras": {"epsilon": "1e-3", "decay": "0.99"},
    }

    epsilon: Epsilon
    decay: Annotated[Share, STATIC, Examples(0.9, 0.5, 0), _USUAL_DECAY]

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale`, `shift`; moving `mean` and `variance`, not trained (channels)."""
        vector = shape[:1]
        return {
            "scale": Weight(vector, initial=1.0),
            "shift": Weight(vector),
            "mean": Weight(vector, trainable=False),
            "variance": Weight(vector, initial=1.0, trainable=False),
        }

    def evaluate(self, x: Array, weights: Weights) -> Array:
        scale = weights["scale"] / (weights["variance"] + self.epsilon) ** 0.5
        centred = x - along(weights["mean"], x)
        return centred * along(scale, x) + along(weights["shift"], x)


def _standardised(x: Array, axis: int, epsilon: float) -> Array:
    """Without its mean along an axis, divided by the standard deviation along it."""
    centred = x - x.mean(axis, keepdims=True)
    variance = (centred**2).mean(axis, keepdims=True)
    return centred / (variance + epsilon) ** 0.5


class LayerNorm(Op):
    """Layer normalisation over the channels at each position (Ba et al. 2016)."""

    name = "layer_norm"

    epsilon: Epsilon

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale` and `shift` (channels)."""
        return {"scale": Weight(shape[:1], initial=1.0), "shift": Weight(shape[:1])}

    def evaluate(self, x: Array, weights: Weights) -> Array:
        normal = _standardised(x, 1, self.epsilon)
        return normal * along(weights["scale"], x) + along(weights["shift"], x)


class GroupNorm(Op):
    """Group normalisation (Wu and He 2018): over a group's channels and all positions.

    One group normalises over the whole sample, a group for each channel is instance
    normalisation.
    """

    name = "group_norm"

    groups: Annotated[Count, STATIC, Examples(2, 1, 6)]
    epsilon: Epsilon

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> unchanged."""
        shared_out(shape[0], self.groups, "input channels")
        return shape

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale` and `shift` (channels)."""
        return {"scale": Weight(shape[:1], initial=1.0), "shift": Weight(shape[:1])}

    def evaluate(self, x: Array, weights: Weights) -> Array:
        grouped = x.reshape(x.shape[0], self.groups, -1)
        normal = _standardised(grouped, 2, self.epsilon).reshape(x.shape)
        return normal * along(weights["scale"], x) + along(weights["shift"], x)


class LayerScale(Op):
    """A learned factor per channel (Touvron et al. 2021, CaiT, section 2)."""

    name = "layer_scale"

    initial: Annotated[Number, Examples(0.1, 1, 1e-6)]

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale` (channels), initially `initial`."""
        return {"scale": Weight(shape[:1], initial=self.initial)}

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x * along(weights["scale"], x)


class Normalize(Op):
    """(x - mean) / std with constants: one number, or one per channel."""

    name = "normalize"

    mean: Annotated[EachNumber, STATIC, Examples(0.5, 1, (1, 2, 3, 4, 5, 6))]
    std: Annotated[EachPositive, STATIC, Examples(0.5, 2, (1, 2, 3, 4, 5, 6))]

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> unchanged."""
        for attribute, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, shape[0]):
                raise ShapeError(
                    f"{attribute} has {len(values)} numbers, "
                    f"but the input has {shape[0]} channels",
                    "use one number for all channels, or one per channel",
                )
        return shape

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return (x - along(self.mean, x)) / along(self.std, x)
