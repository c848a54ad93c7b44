"""What templates are given: one op, one routine, one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.targets.code import Code, Printer
from archspec.targets.lines import Line
from archspec.targets.specialise.model import Call


class OpView:
    """One primitive for its macro: attributes as code, printed when they are asked for.

    Besides the attributes it has `in_channels`, `rank` (2 for a map) and whatever the
    target decided (`padding`, `same`, ...).
    """

    def __init__(self, call: Call, printer: Printer, **decided: Any):
        self._call = call
        self._printer = printer
        self._decided = decided

    def __getitem__(self, name: str) -> Any:
        if name in self._decided:
            return self._decided[name]
        if name == "in_channels":
            return self._printer.code(self._call.channels.expression)
        if name == "rank":
            return self._call.rank
        return self._printer.code(self._call.attributes[name].expression)


@dataclass(frozen=True, slots=True)
class ParameterView:
    """A parameter of a class or function."""

    name: Code
    annotation: Code
    default: Code | None = None


@dataclass(frozen=True, slots=True)
class InitGroup:
    """Modules that are built together, under one condition or none."""

    when: Code | None
    placeholders: bool
    modules: Sequence[tuple[Code, Code]]


@dataclass(frozen=True, slots=True)
class RoutineView:
    """One class or function."""

    name: Code
    doc: Sequence[Code]
    parameters: Sequence[ParameterView]
    lets: Sequence[tuple[Code, Code]]
    stored: Sequence[tuple[Code, Code]]
    groups: Sequence[InitGroup]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class StageView:
    """A function that stacks blocks: the first call, then the others."""

    name: Code
    parameters: Sequence[ParameterView]
    first: Code
    rest: Code
    running: Code | None


@dataclass(frozen=True, slots=True)
class ModuleView:
    """One file."""

    header: Sequence[Code]
    constants: Sequence[Mapping[str, Any]]
    helpers: Sequence[Code]
    blocks: Sequence[RoutineView]
    stages: Mapping[str, StageView]
    root: RoutineView
