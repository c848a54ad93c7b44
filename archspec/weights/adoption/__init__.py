"""Match the layers of a network with a checkpoint of another implementation."""

from archspec.weights.adoption.adopt import (
    Adoption,
    adopt,
    classes_note,
    correspondence,
    weights_of,
)
from archspec.weights.adoption.settings import SETTINGS

__all__ = [
    "SETTINGS",
    "Adoption",
    "adopt",
    "classes_note",
    "correspondence",
    "weights_of",
]
