"""One YAML file describes a network: written as source, counted, verified.

`load` reads a spec, `elaborate` evaluates it, `generate` writes it for a framework,
`verify` runs it in several and compares.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from archspec.elaboration import elaborate
    from archspec.errors import (
        ArchspecError,
        FileRefused,
        FrameworkMissing,
        ShapeError,
        SpecError,
        VerifyError,
        WeightsError,
    )
    from archspec.language import Spec, load
    from archspec.verification import Report

    __version__: str

__all__ = [
    "ArchspecError",
    "FileRefused",
    "FrameworkMissing",
    "ShapeError",
    "SpecError",
    "VerifyError",
    "WeightsError",
    "elaborate",
    "generate",
    "load",
    "verify",
]

_HOMES = {
    "ArchspecError": "archspec.errors",
    "FileRefused": "archspec.errors",
    "FrameworkMissing": "archspec.errors",
    "ShapeError": "archspec.errors",
    "SpecError": "archspec.errors",
    "VerifyError": "archspec.errors",
    "WeightsError": "archspec.errors",
    "elaborate": "archspec.elaboration",
    "load": "archspec.language",
}


def generate(
    spec: Spec | str | Path,
    target: str,
    variants: Sequence[str] = (),
    overrides: Sequence[str] = (),
) -> str:
    """The source of a spec for a target, `torch` or `keras`.

    Raises SpecError, and ValueError for any other target.
    """
    from archspec.elaboration import elaborate
    from archspec.errors import did_you_mean
    from archspec.targets import TARGETS, render

    if target not in TARGETS:
        help = did_you_mean(target, TARGETS) or f"targets are {', '.join(TARGETS)}"
        if target == "onnx":
            help = "the command 'archspec generate --target onnx' writes ONNX files"
        raise ValueError(f"no source for the target '{target}': {help}")
    return render(elaborate(spec, variants, overrides), target)


def verify(
    spec: str | Path,
    variants: Sequence[str] = (),
    overrides: Sequence[str] = (),
    *,
    targets: Sequence[str] = ("torch", "keras", "onnx"),
    seed: int = 0,
    train: bool = False,
) -> Report:
    """Whether all targets of a spec compute the same, and which layer differs first.

    Runs generated code, each target in a process of its own. Raises SpecError,
    VerifyError and FrameworkMissing.
    """
    from archspec.verification import Verifier

    with Verifier(targets) as verifier:
        return verifier.verify(spec, variants, overrides, seed, train)


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that importing archspec itself costs nothing."""
    if name == "__version__":
        value = _version()
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'archspec' has no attribute '{name}'")
    globals()[name] = value
    return value


def _version() -> str:
    metadata = import_module("importlib.metadata")
    try:
        return metadata.version("archspec-nn")
    except metadata.PackageNotFoundError:  # a checkout that was never installed
        return "unknown"
