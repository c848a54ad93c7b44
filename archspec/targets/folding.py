"""The arithmetic of a batch norm that becomes part of the layer before it.

Behind a layer with weight w and bias b, batch norm by its moving statistics gives
scale * (w x + b - mean) / sqrt(variance + epsilon) + shift, which is a layer with
another weight and bias (Jacob et al. 2018, section 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archspec.errors import WeightsError
from archspec.network import NetworkLayer
from archspec.ops import OPS

Array = np.ndarray[Any, Any]


def folded(
    layer: NetworkLayer,
    own: Mapping[str, Array],
    norm: NetworkLayer,
    statistics: Mapping[str, Array],
) -> dict[str, Array]:
    """`weight` and `bias`, float64, of a layer that does what both did.

    Raises WeightsError (AS515) if a variance and its epsilon are not above 0.
    """
    primitive: Any = norm.primitive
    scale, shift, mean, variance = (
        np.asarray(statistics.get(name, usual), np.float64)
        for name, usual in (("scale", 1), ("shift", 0), ("mean", 0), ("variance", 1))
    )
    divisor = variance + primitive.epsilon
    if not (divisor > 0).all():
        message = f"{norm.path}.variance is not above -epsilon"
        raise WeightsError.single("AS515", message)
    factor = scale / np.sqrt(divisor)
    weight = own["weight"].astype(np.float64)
    along = [1] * weight.ndim
    along[1 if OPS[layer.op].weight_axes.startswith("in ") else 0] = -1
    return {
        "weight": weight * factor.reshape(along),
        "bias": (own.get("bias", 0.0) - mean) * factor + shift,
    }
