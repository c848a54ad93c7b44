"""Which variable holds which tensor, and the statements in between.

The running tensor is `x`; it is `y` for as long as the routine's input is still needed.
A tensor that something else refers to has its layer's name, a branch the branch's.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable, Sequence
from typing import Protocol

from archspec.expressions import Expression
from archspec.targets.code import Code
from archspec.targets.lines import Line, assign, condition, joined, returned
from archspec.targets.specialise.model import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Routine,
    Row,
    Statement,
    TableStatement,
)
from archspec.targets.unprintable import located


class Speaker(Protocol):
    """What a target knows to say."""

    def run(
        self, statement: OpStatement, source: Code, target: str, like: Code | None
    ) -> list[Line]:
        """The layer applied to `source`, its result in `target`."""
        ...

    def inline(self, statement: OpStatement, source: Code) -> Code | None:
        """The same as one expression, if there is one."""
        ...

    def table(self, statement: TableStatement, source: Code, target: str) -> list[Line]:
        """All rows of a table, one after the other."""
        ...

    def row(
        self, statement: TableStatement, row: Row, source: Code, target: str
    ) -> list[Line]:
        """One row, where something refers to rows."""
        ...

    def join(self, op: str, name: str, operands: Sequence[Code]) -> Code:
        """add, multiply or concat of several tensors."""
        ...

    def join_list(self, op: str, name: str, operands: Code) -> Code:
        """The same of a list of tensors."""
        ...

    def repeated(self, part: BranchPart, source: Code, branches: Code) -> list[Line]:
        """A branch that stands side by side several times, added to the list."""
        ...

    def test(self, expression: Expression, name: str) -> Code:
        """A condition, where tensors flow, of the layer or branch of this name."""
        ...

    def note(self, statement: Statement) -> Code | None:
        """The size behind a statement, where it is worth a comment."""
        ...


class Flow:
    """The statements of one routine."""

    def __init__(
        self,
        speaker: Speaker,
        routine: Routine,
        source: str,
        taken: Iterable[str],
        outputs: Sequence[str] = (),
    ):
        self.speaker = speaker
        self.routine = routine
        self.source = source
        taken = set(taken)
        self.branches = Code("operands" if "branches" in taken else "branches")
        self.taken = {"x", "y", "branches", "outputs", source, *taken, *dir(builtins)}
        self.variables = {"input": Code(source)}
        self.clock = 0
        self.ends: dict[int, float] = {}
        self.last_use: dict[str, float] = dict.fromkeys(outputs, math.inf)
        self._visit(routine.body)
        if routine.residual is not None:
            self.last_use["input"] = math.inf

    def _visit(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            self._use(statement.source)
            if isinstance(statement, OpStatement):
                self._use(statement.like)
            if isinstance(statement, JoinStatement):
                self._visit_branches(statement)
            self.clock += 1
            self.ends[id(statement)] = self.clock

    def _visit_branches(self, statement: JoinStatement) -> None:
        for part in statement.branches:
            self._use(part.source)
            self._visit(part.body)

    def _use(self, name: str | None) -> None:
        self.clock += 1
        if name is not None:
            self.last_use[name] = self.clock

    def lines(self) -> tuple[list[Line], Code]:
        """All statements, and the variable that holds the result."""
        return self.body(self.routine.body, Code(self.source), None)

    def finished(self) -> list[Line]:
        """All statements, the last one a return."""
        return returned(*self.lines())

    def body(
        self, statements: Sequence[Statement], current: Code, branch: str | None
    ) -> tuple[list[Line], Code]:
        lines: list[Line] = []
        for statement in statements:
            source = self.variables[statement.source] if statement.source else current
            target = self.target(statement, branch)
            with located(statement.place, f"layer {statement.name}"):
                lines += self.statement(statement, source, target)
            current = Code(target)
            self.variables[statement.name] = current
        return joined(lines), current

    def target(self, statement: Statement, branch: str | None) -> str:
        """The variable for a statement's result."""
        if statement.name in self.last_use:
            return self.local(statement.name)
        if branch is not None:
            return self.local(branch)
        needed = self.last_use.get("input", 0) > self.ends[id(statement)]
        return "y" if needed and self.source == "x" else "x"

    def local(self, name: str) -> str:
        """A variable's name that shadows nothing."""
        return f"{name}_out" if name in self.taken else name

    def statement(self, statement: Statement, source: Code, target: str) -> list[Line]:
        if isinstance(statement, OpStatement):
            size = self.variables[statement.like] if statement.like else None
            return self.speaker.run(statement, source, target, size)
        if isinstance(statement, JoinStatement):
            inner = self.join(statement, source, target)
        else:
            inner = self.table(statement, source, target)
        if statement.when is None:
            return inner
        before = [] if source == Code(target) else [assign(target, source)]
        return [
            *before,
            condition(self.speaker.test(statement.when, statement.name), inner),
        ]

    def table(self, statement: TableStatement, source: Code, target: str) -> list[Line]:
        tapped = [
            row
            for row in statement.rows
            if self.row_name(statement, row) in self.last_use
        ]
        if not tapped:
            return self.speaker.table(statement, source, target)
        lines: list[Line] = []
        for row in statement.rows:
            name = self.row_name(statement, row)
            label = row.name if statement.named else f"{statement.name}_{row.name}"
            own = self.local(label) if row in tapped else target
            lines += self.speaker.row(statement, row, source, own)
            source = self.variables[name] = Code(own)
        if source != Code(target):
            lines.append(assign(target, source))
        return lines

    @staticmethod
    def row_name(statement: TableStatement, row: Row) -> str:
        return f"{statement.name}.{row.name}"

    def join(self, statement: JoinStatement, source: Code, target: str) -> list[Line]:
        note = self.speaker.note(statement)
        if any(part.when or part.count for part in statement.branches):
            lines = self.listed(statement, source)
            whole = self.speaker.join_list(statement.op, statement.name, self.branches)
            return [*lines, assign(target, whole, note)]
        lines: list[Line] = []
        operands: list[Code] = []
        for part in statement.branches:
            before, operand = self.branch(part, source)
            lines += before
            operands.append(operand)
        whole = self.speaker.join(statement.op, statement.name, operands)
        return [*lines, assign(target, whole, note)]

    def branch(self, part: BranchPart, source: Code) -> tuple[list[Line], Code]:
        """What has to be said before, and the branch's tensor."""
        start = self.variables[part.source] if part.source else source
        if len(part.body) == 1 and isinstance(only := part.body[0], OpStatement):
            begin = self.variables[only.source] if only.source else start
            value = self.speaker.inline(only, begin)
            if value is not None and only.name not in self.last_use:
                return [], value
        return self.body(part.body, start, part.name)

    def listed(self, statement: JoinStatement, source: Code) -> list[Line]:
        """Branches of which some may not be there, or stand there several times."""
        branches = self.branches
        always: list[Code] = []
        lines: list[Line] = []
        parts = list(statement.branches)
        while parts and parts[0].when is None and parts[0].count is None:
            before, value = self.branch(parts.pop(0), source)
            lines += before
            always.append(value)
        listed = ", ".join(str(value) for value in always)
        lines.append(assign(str(branches), Code(f"[{listed}]")))
        for part in parts:
            lines += self.further(part, source)
        return lines

    def further(self, part: BranchPart, source: Code) -> list[Line]:
        """One more branch, or several, added to the list."""
        if part.count is not None:
            start = self.variables[part.source] if part.source else source
            added = self.speaker.repeated(part, start, self.branches)
        else:
            before, value = self.branch(part, source)
            added = [*before, Line("append", value, self.branches)]
        if part.when is None:
            return added
        return [condition(self.speaker.test(part.when, part.name), added)]
