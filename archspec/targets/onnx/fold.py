"""A batch norm as part of the layer before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archspec.network import NetworkLayer
from archspec.targets.onnx.graph import Array


def folded(
    layer: NetworkLayer,
    own: Mapping[str, Array],
    norm: NetworkLayer,
    statistics: Mapping[str, Array],
) -> dict[str, Array]:
    """`weight` and `bias` of a layer that does what it and its batch norm did.

    In double precision (Jacob et al. 2018, section 3.2).
    """
    primitive: Any = norm.primitive
    scale, shift, mean, variance = (
        statistics[name].astype(np.float64)
        for name in ("scale", "shift", "mean", "variance")
    )
    factor = scale / np.sqrt(variance + primitive.epsilon)
    weight = own["weight"].astype(np.float64)
    # a transposed convolution has its output channels second
    first = 1 if layer.op == "transposed_conv" else 0
    along = [-1 if axis == first else 1 for axis in range(weight.ndim)]
    return {
        "weight": weight * factor.reshape(along),
        "bias": (own.get("bias", 0.0) - mean) * factor + shift,
    }
