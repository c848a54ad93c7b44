"""Ops that mix, move, scale or bend channels, alike at every position."""

from __future__ import annotations

from archspec.ops.activation import Activation
from archspec.ops.dense import Dense
from archspec.ops.normalization import BatchNorm, LayerNorm, LayerScale, Normalize
from archspec.targets.onnx.graph import Number, Site, writes

_NODES: dict[str, tuple[str, dict[str, Number]]] = {
    "relu": ("Relu", {}),
    "hard_swish": ("HardSwish", {}),
    # ONNX's own default is Keras 2's 0.2
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "sigmoid": ("Sigmoid", {}),
    "mish": ("Mish", {}),
    "gelu": ("Gelu", {}),
    "gelu_tanh": ("Gelu", {"approximate": "tanh"}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {"axis": 1}),
}
"""The activations that are one node without constants."""


@writes(Dense)
def dense(site: Site, op: Dense) -> None:
    """`Gemm` of vectors, a 1x1 `Conv` of maps."""
    if not site.of_maps:
        site.end("Gemm", *site.inputs, *site.kernel(), transB=1)
        return
    units, channels = op.units, site.layer.inputs[0][0]
    site.end("Conv", *site.inputs, *site.kernel((units, channels, 1, 1)))


@writes(BatchNorm)
def batch_norm(site: Site, op: BatchNorm) -> None:
    """`BatchNormalization` by the moving statistics."""
    weights = map(site.weight, ("scale", "shift", "mean", "variance"))
    site.end("BatchNormalization", *site.inputs, *weights, epsilon=op.epsilon)


@writes(LayerNorm)
def layer_norm(site: Site, op: LayerNorm) -> None:
    """`LayerNormalization`, which wants the channels last."""
    weights = site.weight("scale"), site.weight("shift")
    if not site.of_maps:
        site.end("LayerNormalization", *site.inputs, *weights, epsilon=op.epsilon)
        return
    last = site.part("channels_last", "Transpose", *site.inputs, perm=(0, 2, 3, 1))
    normal = site.part(
        "normal", "LayerNormalization", last, *weights, epsilon=op.epsilon
    )
    site.end("Transpose", normal, perm=(0, 3, 1, 2))


@writes(LayerScale)
def layer_scale(site: Site, _: LayerScale) -> None:
    """`Mul` by a factor for each channel."""
    site.end("Mul", *site.inputs, site.weight("scale", site.along))


@writes(Normalize)
def normalize(site: Site, op: Normalize) -> None:
    """`Sub` and `Div`."""
    centred = site.part("centred", "Sub", *site.inputs, site.each("mean", op.mean))
    site.end("Div", centred, site.each("std", op.std))


@writes(Activation)
def activation(site: Site, op: Activation) -> None:
    """One node, or two for swish."""
    (x,) = site.inputs
    match op.kind:
        case "relu6":
            site.end("Clip", x, site.number(0.0), site.number(6.0))
        case "leaky_relu":
            site.end("LeakyRelu", x, alpha=op.slope)
        case "swish":
            site.end("Mul", x, site.part("sigmoid", "Sigmoid", x))
        case kind:
            operator, attributes = _NODES[kind]
            site.end(operator, x, **attributes)
