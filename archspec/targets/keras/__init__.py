"""Keras 3: blocks become functions of the functional API, every layer named."""

from __future__ import annotations

from typing import Any

from archspec.targets import functions
from archspec.targets.code import Code
from archspec.targets.file import File
from archspec.targets.keras.dialect import KerasDialect

Dialect = KerasDialect


def view(file: File) -> dict[str, Any]:
    """What `module.jinja` needs, besides the header and the helpers."""
    assert isinstance(file.dialect, KerasDialect)
    constants: list[Code] = []
    if any(layer.arguments.get("shared") for layer in file.layers):
        settings = file.dialect.norm_settings()
        constants = [file.templates.macro("shared_norm", *settings)]
    own = {"initializers": file.dialect.initializers.printed(), "constants": constants}
    return {**functions.view(file), **own}
