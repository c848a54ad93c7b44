"""What each of PyTorch's operations is in the language."""

from archspec.importing.torch.operations import (
    attention,
    layers,
    pointwise,
    sizes,
    views,
)
from archspec.importing.torch.operations.registry import OPERATIONS

__all__ = ["OPERATIONS", "attention", "layers", "pointwise", "sizes", "views"]
