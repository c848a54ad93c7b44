"""Normalisation."""

from math import prod
from typing import Annotated, ClassVar

from archspec.errors import ShapeError
from archspec.ops.attributes import Doc
from archspec.ops.base import (
    Array,
    Customs,
    Op,
    Weight,
    Weights,
    along,
    positions,
    shared_out,
)
from archspec.ops.fields import (
    STATIC,
    Count,
    EachNumber,
    EachPositive,
    Examples,
    Flag,
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
Epsilon = Annotated[
    Positive,
    STATIC,
    Examples(1e-3, 1e-5, 1),
    _USUAL_EPSILON,
    Doc("Added to the variance."),
]
Initial = Annotated[
    Number,
    STATIC,
    Examples(1, 0, 0.5),
    Doc("Initial scale: 0 makes a residual branch start as zero."),
]
"""The initial scale: 0 starts a residual branch as zero (Goyal et al. 2017, 5.1)."""
Learned = Annotated[Flag, STATIC]
"""Whether a norm has a learned scale, or shift."""


class BatchNorm(Op):
    """Batch normalisation (Ioffe and Szegedy 2015).

    `decay` is the weight of the *old* moving average: `momentum` in Keras and Flax,
    1 - `momentum` in PyTorch.
    """

    name = "batch_norm"
    in_place = True
    fresh_output = True
    customs: ClassVar[Customs] = {
        " as in PyTorch": {"epsilon": "1e-5", "decay": "0.9"},
        " as in Keras": {"epsilon": "1e-3", "decay": "0.99"},
    }

    epsilon: Epsilon
    decay: Annotated[
        Share,
        STATIC,
        Examples(0.9, 0.5, 0),
        _USUAL_DECAY,
        Doc("Weight of the old moving average: 1 - `momentum` of PyTorch."),
    ]
    initial: Initial = 1.0
    scale: Annotated[Learned, Doc("Learn a factor per channel.")] = True
    shift: Annotated[Learned, Doc("Learn a number to add per channel.")] = True

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale`, `shift`; moving `mean` and `variance`, not trained (channels)."""
        return _learned(shape, self.initial, self.scale, self.shift) | {
            "mean": Weight(shape[:1], trainable=False),
            "variance": Weight(shape[:1], initial=1.0, trainable=False),
        }

    def kept_numbers(self, shape: Shape, *others: Shape) -> int:
        """The mean and the deviation of each channel."""
        return 2 * shape[0]

    def evaluate(self, x: Array, weights: Weights) -> Array:
        root = (weights["variance"] + self.epsilon) ** 0.5
        centred = x - along(weights["mean"], x)
        scaled = centred * along(weights.get("scale", 1.0) / root, x)
        return scaled + along(weights.get("shift", 0.0), x)


def _learned(
    shape: Shape, initial: float, scale: bool = True, shift: bool = True
) -> dict[str, Weight]:
    """The learned weights of a norm."""
    scales = {"scale": Weight(shape[:1], initial=initial)} if scale else {}
    return scales | ({"shift": Weight(shape[:1])} if shift else {})


def _affine(normal: Array, weights: Weights) -> Array:
    """Times the scale, plus the shift, as far as the norm has them."""
    if "scale" in weights:
        normal = normal * along(weights["scale"], normal)
    return normal + along(weights["shift"], normal) if "shift" in weights else normal


def _standardised(x: Array, axis: int, epsilon: float) -> Array:
    """Without its mean along an axis, divided by the standard deviation along it."""
    centred = x - x.mean(axis, keepdims=True)
    variance = (centred**2).mean(axis, keepdims=True)
    return centred / (variance + epsilon) ** 0.5


class LayerNorm(Op):
    """Layer normalisation over the channels at each position (Ba et al. 2016)."""

    name = "layer_norm"
    customs: ClassVar[Customs] = {
        " as in PyTorch": {"epsilon": "1e-5"},
        " as in ViT": {"epsilon": "1e-6"},
    }

    epsilon: Epsilon
    initial: Initial = 1.0
    scale: Annotated[Learned, Doc("Learn a factor per channel.")] = True
    shift: Annotated[Learned, Doc("Learn a number to add per channel.")] = True

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale` and `shift` (channels)."""
        return _learned(shape, self.initial, self.scale, self.shift)

    def kept_numbers(self, shape: Shape, *others: Shape) -> int:
        """The mean and the deviation at each position."""
        return 2 * prod(shape[1:])

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return _affine(_standardised(x, 1, self.epsilon), weights)


class GroupNorm(Op):
    """Group normalisation (Wu and He 2018): over a group's channels and all positions.

    One group normalises over the whole sample, a group for each channel is instance
    normalisation.
    """

    name = "group_norm"

    groups: Annotated[
        Count,
        STATIC,
        Examples(2, 1, 6),
        Doc("Groups of channels that are normalised together."),
    ]
    epsilon: Epsilon
    initial: Initial = 1.0
    scale: Annotated[Learned, Doc("Learn a factor per channel.")] = True
    shift: Annotated[Learned, Doc("Learn a number to add per channel.")] = True

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> unchanged."""
        shared_out(shape[0], self.groups, "input channels")
        return shape

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale` and `shift` (channels)."""
        return _learned(shape, self.initial, self.scale, self.shift)

    def kept_numbers(self, shape: Shape, *others: Shape) -> int:
        """The mean and the deviation of each group."""
        return 2 * self.groups

    def evaluate(self, x: Array, weights: Weights) -> Array:
        grouped = x.reshape(x.shape[0], self.groups, -1)
        normal = _standardised(grouped, 2, self.epsilon)
        return _affine(normal.reshape(x.shape), weights)


class RmsNorm(Op):
    """Root mean square normalisation (Zhang and Sennrich 2019).

    Each position is divided by the root mean square of its channels.
    """

    name = "rms_norm"

    epsilon: Epsilon
    initial: Initial = 1.0
    scale: Annotated[Learned, Doc("Learn a factor per channel.")] = True

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale` (channels)."""
        return _learned(shape, self.initial, self.scale, shift=False)

    def kept_numbers(self, shape: Shape, *others: Shape) -> int:
        """The root mean square at each position."""
        return prod(shape[1:])

    def evaluate(self, x: Array, weights: Weights) -> Array:
        squares = (x**2).mean(1, keepdims=True)
        return _affine(x / (squares + self.epsilon) ** 0.5, weights)


class GlobalResponseNorm(Op):
    """Global response normalisation (Woo et al. 2023, ConvNeXt V2, section 3).

    With g, the root of the sum of squares of a channel over all positions: `x + shift +
    scale * x * g / (mean of g over the channels + epsilon)`.
    """

    name = "global_response_norm"
    kinds = ("feature map", "sequence")

    epsilon: Epsilon = 1e-6

    def infer(self, shape: Shape) -> Shape:
        """(channels, ...) -> unchanged."""
        self.check_kind(shape)
        return shape

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale` and `shift` (channels), initially 0."""
        return _learned(shape, 0.0)

    def evaluate(self, x: Array, weights: Weights) -> Array:
        norms = (x**2).sum(positions(x), keepdims=True) ** 0.5
        gains = norms / (norms.mean(1, keepdims=True) + self.epsilon)
        scale, shift = along(weights["scale"], x), along(weights["shift"], x)
        return x + shift + scale * x * gains


class LayerScale(Op):
    """A learned factor per channel (Touvron et al. 2021, CaiT, section 2)."""

    name = "layer_scale"
    in_place = True

    initial: Annotated[Number, Examples(0.1, 1, 1e-6), Doc("Initial factor.")]

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale` (channels), initially `initial`."""
        return {"scale": Weight(shape[:1], initial=self.initial)}

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x * along(weights["scale"], x)


class ScalarAffine(Op):
    """One learned factor and, with `bias`, one learned number to add, for the tensor.

    ReZero has the factor alone (Bachlechner et al. 2020), HGNetV2 both.
    """

    name = "scalar_affine"
    elementwise = True
    in_place = True

    initial: Annotated[Number, Examples(1, 0.5, 0), Doc("Initial factor.")] = 1.0
    bias: Annotated[Flag, Doc("Also add one learned number.")] = True

    def weights(self, shape: Shape) -> dict[str, Weight]:
        """`scale` (1), initially `initial`, and `bias` (1)."""
        scale = {"scale": Weight((1,), initial=self.initial)}
        return scale | ({"bias": Weight((1,), initial=0.0)} if self.bias else {})

    def evaluate(self, x: Array, weights: Weights) -> Array:
        return x * weights["scale"] + weights.get("bias", 0.0)


class Normalize(Op):
    """(x - mean) / std with constants: one number, or one per channel."""

    name = "normalize"
    in_place = True

    mean: Annotated[
        EachNumber,
        STATIC,
        Examples(0.5, 1, (1, 2, 3, 4, 5, 6)),
        Doc("Subtracted: one number, or one per channel."),
    ]
    std: Annotated[
        EachPositive,
        STATIC,
        Examples(0.5, 2, (1, 2, 3, 4, 5, 6)),
        Doc("Divisor: one number, or one per channel."),
    ]

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
