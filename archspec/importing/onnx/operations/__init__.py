"""What each of ONNX's operations is in the language."""

from archspec.importing.onnx.operations import (
    attention,
    layers,
    pointwise,
    sizes,
    views,
)
from archspec.importing.onnx.operations.registry import OPERATIONS, SCORES

__all__ = ["OPERATIONS", "SCORES", "attention", "layers", "pointwise", "sizes", "views"]
