"""One YAML file describes a network: written as source, counted, verified.

    net = archspec.load("mobilenetv2", variant="0.5_160", set={"classes": 10})
    net.macs, net.parameters, net.layers
    print(net.table())
    print(net.source("torch"))
    model = net.build("keras", num_classes=10)
    assert net.verify().ok

Every error that a user can cause is an ArchspecError. docs/python.md has examples.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archspec.api.catalogue import (
        Explanation,
        block_source,
        blocks,
        explain,
        explanations,
    )
    from archspec.api.checking import Findings, check
    from archspec.api.network import Network, verify
    from archspec.api.specs import bundled_specs, load, source_targets, variants
    from archspec.api.weights import AdoptedWeights, Weights, inspect_weights
    from archspec.errors import (
        ArchspecError,
        Diagnosed,
        Diagnostic,
        FileRefused,
        FrameworkMissing,
        InvalidArgument,
        Place,
        ShapeError,
        SpecError,
        VerifyError,
        WeightsError,
    )
    from archspec.network import NetworkLayer
    from archspec.verification import Comparison, Difference, Report

    __version__: str

__all__ = [
    "AdoptedWeights",
    "ArchspecError",
    "Comparison",
    "Diagnosed",
    "Diagnostic",
    "Difference",
    "Explanation",
    "FileRefused",
    "Findings",
    "FrameworkMissing",
    "InvalidArgument",
    "Network",
    "NetworkLayer",
    "Place",
    "Report",
    "ShapeError",
    "SpecError",
    "VerifyError",
    "Weights",
    "WeightsError",
    "block_source",
    "blocks",
    "bundled_specs",
    "check",
    "explain",
    "explanations",
    "inspect_weights",
    "load",
    "source_targets",
    "variants",
    "verify",
]

_HOMES = {
    "api.catalogue": {
        "__version__",
        "Explanation",
        "block_source",
        "blocks",
        "explain",
        "explanations",
    },
    "api.checking": {"Findings", "check"},
    "api.network": {"Network", "verify"},
    "api.specs": {"bundled_specs", "load", "source_targets", "variants"},
    "api.weights": {"AdoptedWeights", "Weights", "inspect_weights"},
    "network": {"NetworkLayer"},
    "verification": {"Comparison", "Difference", "Report"},
}
"""Modules by what they define; what is not here is an error."""


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that importing archspec itself costs nothing."""
    if name not in __all__ and name != "__version__":
        raise AttributeError(f"module 'archspec' has no attribute '{name}'")
    homes = (home for home, names in _HOMES.items() if name in names)
    value = getattr(import_module(f"archspec.{next(homes, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
