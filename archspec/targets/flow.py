"""The statements of one routine in order, in whatever style they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archspec.targets.branches import Branches
from archspec.targets.code import Code
from archspec.targets.lines import Line, assign, condition, joined, returned
from archspec.targets.program.statements import (
    JoinStatement,
    OpStatement,
    PassStatement,
    Routine,
    Statement,
    TableStatement,
)
from archspec.targets.syntax import Operands, Syntax
from archspec.targets.unprintable import located
from archspec.targets.variables import Variables


class Flow(Variables):
    """The statements of one routine."""

    def __init__(
        self,
        syntax: Syntax,
        routine: Routine,
        source: str,
        taken: Iterable[str],
        outputs: Sequence[str] = (),
    ):
        super().__init__(routine, source, taken, outputs)
        self.syntax = syntax

    def lines(self) -> tuple[list[Line], Code]:
        """All statements, and the variable that holds the result."""
        return self.body(self.routine.body, Code(self.source), None)

    def finished(self) -> list[Line]:
        """All statements, the last one a return."""
        return returned(*self.lines())

    def body(
        self, statements: Sequence[Statement], current: Code, branch: str | None
    ) -> tuple[list[Line], Code]:
        """The statements in order; `branch` is the variable of the branch they fill."""
        lines: list[Line] = []
        for statement in statements:
            source = self.read(statement.source, current)
            with located(statement.place, f"layer {statement.name}"):
                added, current = self.statement(statement, source, branch)
            lines += added
            self.variables[statement.name] = current
        return joined(lines), current

    def statement(
        self, statement: Statement, source: Code, branch: str | None
    ) -> tuple[list[Line], Code]:
        """The lines of one statement, and the variable of what comes out."""
        if isinstance(statement, PassStatement):
            return self.passed(statement, source)
        target = self.target(statement, source, branch)
        if isinstance(statement, OpStatement):
            operands = Operands(source, self.others(statement))
            return self.syntax.run(statement, operands, target), Code(target)
        if isinstance(statement, JoinStatement):
            branches = Branches(self, self.syntax, self.body, statement, source, target)
            inner, result = branches.joined()
        else:
            inner, result = self.table(statement, source, target)
        if statement.when is None:
            return inner, result
        if result != Code(target):
            inner.append(assign(target, result))
        before = [] if source == Code(target) else [assign(target, source)]
        test = self.syntax.test(statement.when, statement.name)
        return [*before, condition(test, inner)], Code(target)

    def passed(self, statement: PassStatement, source: Code) -> tuple[list[Line], Code]:
        """A layer that never is there hands on what it would have read."""
        names = [statement.name, *(f"{statement.name}.{row}" for row in statement.rows)]
        if not any(self.is_tapped(name) for name in names):
            return [], source
        kept = Code(self.hold(statement.name, f"{statement.name}_out"))
        self.variables |= dict.fromkeys(names, kept)
        return [assign(str(kept), source)], kept

    def table(
        self, statement: TableStatement, source: Code, target: str
    ) -> tuple[list[Line], Code]:
        """A table at once, or row by row where something refers to a row."""
        names = [f"{statement.name}.{row.name}" for row in statement.rows]
        tapped = any(self.is_tapped(name) for name in names)
        if not tapped and not statement.one_by_one:
            return self.syntax.table(statement, source, target), Code(target)
        lines: list[Line] = []
        for row, name in zip(statement.rows, names, strict=True):
            own = target
            if self.is_tapped(name):
                long = f"{statement.name}_{row.name}"
                own = self.hold(*([row.name] if statement.named else []), long)
            operands = Operands(source, self.others(row))
            lines += self.syntax.row(statement, row, operands, own)
            source = self.variables[name] = Code(own)
        return lines, source


def behind(body: Sequence[Statement], references: Sequence[str]) -> int:
    """The number of statements after which all of these layers have been run."""
    names = {name.partition(".")[0] for name in references}
    return 1 + max(n for n, statement in enumerate(body) if statement.name in names)
