"""What templates are given: one op, one routine, one file."""

from __future__ import annotations

from collections.abc import Sequence
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
class FunctionView:
    """One function."""

    name: Code
    doc: Sequence[Code]
    parameters: Sequence[ParameterView]
    lets: Sequence[tuple[Code, Code]]
    lines: Sequence[Line]
