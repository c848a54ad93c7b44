"""What each of PyTorch's operations is in the language."""

from archspec.importing.torch.operations import (
    attention,
    layers,
    pointwise,
    sizes,
    views,
)
from archspec.importing.torch.operations.registry import OPERATIONS, SCORES

__all__ = ["OPERATIONS", "SCORES", "attention", "layers", "pointwise", "sizes", "views"]
