"""What the templates of classes are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archspec.expressions import Expression
from archspec.targets.arguments import LocalFunction, ParameterView
from archspec.targets.code import Code
from archspec.targets.lines import Line

ROOM = 80
"""Characters of a line in `__init__`."""


@dataclass(frozen=True, slots=True)
class InitGroup:
    """Modules that are built together, under one condition or none.

    With `placeholders` they are identities where the condition does not hold.
    """

    when: Expression | None
    placeholders: bool
    modules: Sequence[tuple[Code, Code]]


@dataclass(frozen=True, slots=True)
class GroupView:
    """The same for a template."""

    when: Code | None
    placeholders: bool
    modules: Sequence[tuple[Code, Code]]

    @property
    def fits(self) -> bool:
        """Whether there is one module, and a line for it and its condition."""
        if self.when is None or len(self.modules) > 1:
            return False
        name, value = self.modules[0]
        return len(f"self.{name} = {value} if {self.when} else nn.Identity()") <= ROOM


@dataclass(frozen=True, slots=True)
class ClassView:
    """One class: `stored` is what `forward` has to know.

    `constants` are those of them that decide about modules that may be missing.
    `several` says that it returns named outputs, `features` are the statements of
    `forward_features`, if it has one. `tensors` are what `forward` is given.
    """

    name: Code
    doc: Sequence[Code]
    constants: Sequence[Code]
    parameters: Sequence[ParameterView]
    functions: Sequence[LocalFunction]
    lets: Sequence[tuple[Code, Code]]
    stored: Sequence[tuple[Code, Code]]
    groups: Sequence[GroupView]
    lines: Sequence[Line]
    several: bool
    tensors: Sequence[Code]
    features: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class StackView:
    """A function that stacks blocks; `running` is the width that each passes on."""

    name: Code
    doc: Sequence[Code]
    parameters: Sequence[ParameterView]
    first: Code
    rest: Code
    running: Code | None
    variable: Code
