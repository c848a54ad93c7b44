"""A user's own model at work, in PyTorch or Keras: the model itself shows which."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from archspec.runtime.order import Model, Order

_BASES = {"torch": ("torch.nn", "Module"), "keras": ("keras", "Model")}
"""The class that the models of a framework have, and its module."""
_targets: dict[str, str] = {}
"""The framework of each file that was run."""


def build(module: ModuleType, order: Order) -> Model:
    """The model that a Python file makes; raises TypeError for other objects."""
    if order.module not in _targets:
        made = getattr(module, order.name)()
        _targets[order.module] = _target(made)
        setattr(module, order.name, lambda: made)
    side = import_module(f"archspec.runtime.{_targets[order.module]}")
    model: Model = side.build(module, order)
    return model


def _target(made: object) -> str:
    for target, (module, base) in _BASES.items():
        if module in sys.modules and isinstance(made, vars(sys.modules[module])[base]):
            return target
    name = type(made).__name__
    raise TypeError(f"it returned {name}, not a torch.nn.Module or keras.Model")
