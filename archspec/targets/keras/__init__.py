"""Keras 3: blocks become functions of the functional API, every layer named."""

from __future__ import annotations

from typing import Any

from archspec.targets import functions
from archspec.targets.code import Code, literal
from archspec.targets.dialect import primitives
from archspec.targets.file import File
from archspec.targets.keras.dialect import KerasDialect
from archspec.targets.keras.initial import Initializers

Dialect = KerasDialect


def view(file: File) -> dict[str, Any]:
    """What `module.jinja` needs, besides the header and the helpers."""
    initializers = Initializers(primitives(file.program)).printed()
    constants: list[Code] = []
    if any(layer.arguments.get("shared") for layer in file.layers):
        epsilon, decay = file.dialect.norm_settings()
        shown, name = None if decay is None else literal(decay), Code("batch_norm")
        constants = [file.templates.macro("shared_norm", name, epsilon, shown)]
    own = {"initializers": initializers, "constants": constants}
    return {**functions.view(file), **own}
