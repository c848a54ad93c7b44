"""How each op is written: by a function of its name, which adds a node or a few.

The modules are those of `archspec.ops` in which the ops are declared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archspec.targets.onnx.graph import Site
from archspec.targets.onnx.ops import (
    attention,
    convolution,
    join,
    normalization,
    pointwise,
    pooling,
    sequence,
    shape,
)

_MODULES = (
    attention,
    convolution,
    join,
    normalization,
    pointwise,
    pooling,
    sequence,
    shape,
)


def writer(op: str) -> Callable[[Site, Any], None]:
    """The function that writes an op."""
    return next(getattr(module, op) for module in _MODULES if hasattr(module, op))
