"""Flax NNX: blocks become classes, channels last, random numbers by `rngs`."""

from __future__ import annotations

from typing import Any

from archspec.targets import classes
from archspec.targets.file import File
from archspec.targets.nnx.dialect import NnxDialect

Dialect = NnxDialect


def view(file: File) -> dict[str, Any]:
    """What `module.jinja` needs, besides the header and the helpers."""
    assert isinstance(file.dialect, NnxDialect)
    constants = file.dialect.initializers.printed()
    if any(layer.arguments.get("shared") for layer in file.layers):
        settings = file.dialect.norm_settings()
        constants.append(file.templates.macro("shared_norm", *settings))
    return {**classes.view(file), "arms": [], "constants": constants}
