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
    from archspec.api.benching import bench
    from archspec.api.catalogue import (
        Explanation,
        block_source,
        blocks,
        explain,
        explanations,
        list_specs,
    )
    from archspec.api.checking import Findings, check
    from archspec.api.comparison import SideBySide, compare
    from archspec.api.counting import overview
    from archspec.api.importing import ImportedModel, import_model
    from archspec.api.network import Network
    from archspec.api.primitives import Attribute, Primitive, primitive, primitives
    from archspec.api.schema import schema
    from archspec.api.searching import Front, search
    from archspec.api.specs import (
        bundled_specs,
        load,
        source_targets,
        spec_source,
        variants,
    )
    from archspec.api.sweeping import Sweep, sweep
    from archspec.api.verifying import verify
    from archspec.api.weights import AdoptedWeights, Weights, inspect_weights
    from archspec.benching import Benchmark
    from archspec.errors import (
        Advice,
        ArchspecError,
        Diagnosed,
        Diagnostic,
        FileRefused,
        Fix,
        FrameworkMissing,
        ImportFailed,
        InvalidArgument,
        Place,
        Related,
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
    "Advice",
    "ArchspecError",
    "Attribute",
    "Benchmark",
    "Comparison",
    "Diagnosed",
    "Diagnostic",
    "Difference",
    "Explanation",
    "FileRefused",
    "Findings",
    "Fix",
    "FrameworkMissing",
    "Front",
    "ImportFailed",
    "ImportedModel",
    "InvalidArgument",
    "Network",
    "NetworkLayer",
    "Place",
    "Primitive",
    "Related",
    "Report",
    "ShapeError",
    "SideBySide",
    "SpecError",
    "Sweep",
    "VerifyError",
    "Weights",
    "WeightsError",
    "bench",
    "block_source",
    "blocks",
    "bundled_specs",
    "check",
    "compare",
    "explain",
    "explanations",
    "import_model",
    "inspect_weights",
    "list_specs",
    "load",
    "overview",
    "primitive",
    "primitives",
    "schema",
    "search",
    "source_targets",
    "spec_source",
    "sweep",
    "variants",
    "verify",
]

_HOMES = (
    "errors",
    "api.specs",
    "api.catalogue",
    "api.schema",
    "api.network",
    "api.verifying",
    "api.primitives",
    "network",
    "api.checking",
    "api.comparison",
    "api.counting",
    "api.sweeping",
    "api.searching",
    "api.weights",
    "api.benching",
    "benching",
    "verification",
    "api.importing",
)
"""The modules that define these names, the quickest to import first."""


def __getattr__(name: str) -> Any:
    """Import a name on first use, so that importing archspec itself costs nothing."""
    if name not in __all__ and name != "__version__":
        raise AttributeError(f"module 'archspec' has no attribute '{name}'")
    homes = (import_module(f"archspec.{home}") for home in _HOMES)
    value = next(getattr(home, name) for home in homes if hasattr(home, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
