"""Which parameters a printed class or function really has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.expressions import Value
from archspec.targets.code import Code, Printer, identifier
from archspec.targets.specialise.model import Parameter, Routine, Stage
from archspec.targets.symbols import names_in


@dataclass
class Signature:
    """A printed class or function: which of its parameters are really there."""

    name: Code
    names: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    in_channels: bool = False
    classes: bool = False

    def printed(self, parameter: str) -> str:
        """The printed name of a parameter."""
        return self.names.get(parameter, parameter)

    @property
    def ordered(self) -> list[Parameter]:
        """Those without a default first."""
        return sorted(self.parameters, key=lambda p: p.default is not None)


def used_signature(
    name: Code, names: Mapping[str, str], routine: Routine, printer: Printer
) -> Signature:
    """The signature with those parameters that the printed routine reads."""
    used = printer.used | printer.stored
    kept = tuple(p for p in routine.parameters if p.name in used)
    return Signature(name, names, kept, "in_channels" in used, "classes" in used)


def stage_signature(stage: Stage, callee: Signature, only: bool) -> Signature:
    """The signature of a function that stacks `callee`; the `only` one is `stage`."""
    read = _read_by(stage, callee)
    kept = tuple(p for p in stage.parameters if p.name in read)
    name = Code("stage") if only else identifier(stage.name)
    return Signature(name, callee.names, kept, callee.in_channels, callee.classes)


def _read_by(stage: Stage, callee: Signature) -> set[str]:
    """The names that a stage's calls of its block read."""
    kept = {parameter.name for parameter in callee.parameters}
    names: set[str] = set()
    for call in (stage.loop.first, stage.loop.rest):
        names |= names_in(call.channels.expression)
        for name, attribute in call.attributes.items():
            names |= names_in(attribute.expression) if name in kept else set()
    return names


def annotation(values: Sequence[Value], manifest: Mapping[str, Any]) -> Code:
    """The type of a parameter that takes these values."""
    kinds = {_kind(value, manifest) for value in values}
    if kinds == {"int", "float"}:
        kinds = {"float"}
    return Code(" | ".join(sorted(kinds)))


def _kind(value: Value, manifest: Mapping[str, Any]) -> str:
    if isinstance(value, str):
        return (
            str(manifest["activation_type"])
            if value in manifest["activations"]
            else "str"
        )
    if isinstance(value, tuple) and len(value) == 4:
        return str(manifest["padding_type"])
    if isinstance(value, tuple):
        return f"tuple[{', '.join(_kind(v, manifest) for v in value)}]"
    return type(value).__name__
