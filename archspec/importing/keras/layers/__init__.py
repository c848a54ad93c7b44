"""What each of Keras's layers is in the language."""

from archspec.importing.keras.layers import (
    attention,
    normalisation,
    pointwise,
    sizes,
    views,
    weighted,
)
from archspec.importing.keras.layers.registry import LAYERS, SCORES, Use

__all__ = [
    "LAYERS",
    "SCORES",
    "Use",
    "attention",
    "normalisation",
    "pointwise",
    "sizes",
    "views",
    "weighted",
]
