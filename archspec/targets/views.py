"""What templates are given of parameters and functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archspec.targets.code import Code
from archspec.targets.lines import Line


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
