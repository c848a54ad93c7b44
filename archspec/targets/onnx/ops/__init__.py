"""How each op is written: by a function of its name, which adds a node or a few.

The modules are those of `archspec.ops` in which the ops are declared.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from archspec.ops import PRIMITIVES
from archspec.targets.onnx.graph import Site


def writer(op: str) -> Callable[[Site, Any], None]:
    """The function that writes an op."""
    module = PRIMITIVES[op].__module__.rpartition(".")[2]
    return getattr(import_module(f"{__name__}.{module}"), op)
