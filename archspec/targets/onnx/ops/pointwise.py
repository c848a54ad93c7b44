"""Activations as nodes."""

from __future__ import annotations

from archspec.ops.pointwise import Activation
from archspec.targets.onnx.graph import Number, Site

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
    "softmax": ("Softmax", {}),
}
"""The activations that are one node without constants."""


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
            axis = {"axis": site.channels} if kind == "softmax" else {}
            site.end(operator, x, **attributes, **axis)
