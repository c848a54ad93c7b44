"""Which variable holds which tensor, and the statements in between.

The running tensor is `x`; it is `y` for as long as the routine's input is still needed.
A tensor that something else refers to has its layer's name, a branch the branch's.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable, Sequence
from itertools import chain, count

from archspec.ops import JOINS
from archspec.targets.code import Code
from archspec.targets.lines import Line, assign, condition, joined, returned
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    PassStatement,
    Routine,
    Row,
    Statement,
    TableStatement,
)
from archspec.targets.syntax import Operands, Syntax
from archspec.targets.unprintable import located

Written = OpStatement | JoinStatement | TableStatement
"""A statement that puts its result into a variable."""


class Flow:
    """The statements of one routine.

    `_starts`, `_ends` and `_last_use` are positions on a clock that runs through the
    routine once: when a statement has its source, when it is done, and when something
    last refers to a layer by its name.
    """

    def __init__(
        self,
        syntax: Syntax,
        routine: Routine,
        source: str,
        taken: Iterable[str],
        outputs: Sequence[str] = (),
    ):
        self.syntax = syntax
        self.routine = routine
        first = next(iter(routine.inputs), "input")
        # l, o and i are names that a reader takes for numbers.
        self._taken = {*"xyloi", "outputs", source, *taken, *dir(builtins)}
        self.source = source
        if routine.inputs:
            self.source = self.hold(first, f"{first}_")
        others = [Code(self.hold(name, f"{name}_")) for name in routine.tensors]
        self.tensors = [Code(self.source), *others]
        names = (first, *routine.tensors)
        self.variables = dict(zip(names, self.tensors, strict=True))
        self._clock = 0
        self._starts: dict[int, float] = {}
        self._ends: dict[int, float] = {}
        self._last_use: dict[str, float] = dict.fromkeys(outputs, math.inf)
        self._outer = {id(statement) for statement in routine.body}
        self._visit(routine.body)
        if routine.residual is not None:
            self._last_use["input"] = math.inf
        self._as_input = self._standing_for_input()

    def _visit(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            self._use(statement.source)
            self._starts[id(statement)] = self._clock
            # under a condition they are read when the result has its variable already
            self._use_all(statement.others)
            if isinstance(statement, JoinStatement):
                self._visit_branches(statement)
            self._clock += 1
            self._ends[id(statement)] = self._clock

    def _visit_branches(self, statement: JoinStatement) -> None:
        for part in statement.branches:
            self._use(part.source)
            self._starts[id(part)] = self._clock
            self._visit(part.body)

    def _use_all(self, names: Iterable[str | None]) -> None:
        for name in names:
            self._use(name)

    def _use(self, name: str | None) -> None:
        self._clock += 1
        if name is not None:  # outputs are used in the end, whatever reads them before
            self._last_use[name] = max(self._clock, self._last_use.get(name, 0))

    def is_tapped(self, name: str) -> bool:
        """Whether something refers to a layer, or to `table.row`, by its name."""
        return name in self._last_use

    def hold(self, *candidates: str) -> str:
        """The first free name, which is then taken."""
        numbered = (f"{candidates[-1]}_{number}" for number in count(2))
        name = next(n for n in chain(candidates, numbered) if n not in self._taken)
        self._taken.add(name)
        return name

    def release(self, names: Iterable[str]) -> None:
        """Free names of tensors that are no longer needed."""
        self._taken -= set(names)

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
            source = self.variables[statement.source] if statement.source else current
            with located(statement.place, f"layer {statement.name}"):
                added, current = self.statement(statement, source, branch)
            lines += added
            self.variables[statement.name] = current
        return joined(lines), current

    def target(self, statement: Written, source: Code, branch: str | None) -> str:
        """The variable for a statement's result."""
        if statement is self._as_input or statement.name == "input":
            return "x"
        if self.is_tapped(statement.name):
            name = statement.name.lower()
            return self.hold(name, f"{name}_out")
        if branch is not None:
            return branch
        # Under a condition the source is copied first, and the input still read after.
        copied = statement.when is not None and source != Code(self.source)
        written = (self._starts if copied else self._ends)[id(statement)]
        needed = self._last_use.get("input", 0) > written
        return "y" if needed and self.source == "x" else "x"

    def _standing_for_input(self) -> Statement | None:
        """What a block begins with, if from then on it only asks for that result.

        The result is `x` then, and needed for as long as it is referred to.
        """
        first = (
            self.routine.body[0] if self.routine.block and self.routine.body else None
        )
        if first is None or self.source != "x" or not self.is_tapped(first.name):
            return None
        if self._last_use.get("input", 0) > self._ends[id(first)]:
            return None
        if isinstance(first, PassStatement):
            return None
        self._last_use["input"] = self._last_use.pop(first.name)
        return first

    def statement(
        self, statement: Statement, source: Code, branch: str | None
    ) -> tuple[list[Line], Code]:
        """The lines of one statement, and the variable of what comes out."""
        if isinstance(statement, PassStatement):
            return self.passed(statement, source)
        target = self.target(statement, source, branch)
        if isinstance(statement, OpStatement):
            operands = self.operands(statement, source)
            return self.syntax.run(statement, operands, target), Code(target)
        if isinstance(statement, JoinStatement):
            inner, result = self.join(statement, source, target)
        else:
            inner, result = self.table(statement, source, target)
        if statement.when is None:
            return inner, result
        if result != Code(target):
            inner.append(assign(target, result))
        before = [] if source == Code(target) else [assign(target, source)]
        test = self.syntax.test(statement.when, statement.name)
        return [*before, condition(test, inner)], Code(target)

    def operands(self, reader: OpStatement | Row, source: Code) -> Operands:
        """The variables of all that is read."""
        others = [self.variables[name] if name else None for name in reader.others]
        return Operands(source, others)

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
            operands = self.operands(row, source)
            lines += self.syntax.row(statement, row, operands, own)
            source = self.variables[name] = Code(own)
        return lines, source

    def join(
        self, statement: JoinStatement, source: Code, target: str
    ) -> tuple[list[Line], Code]:
        """The branches, then what they become together."""
        if self.syntax.accumulates and _is_running(statement):
            return self.running(statement, source, target)
        note = self.syntax.note(statement)
        held: list[str] = []
        if any(part.when or part.count for part in statement.branches):
            listed = self.hold("branches", "operands")
            held.append(listed)
            lines = self.listed(statement, source, target, Code(listed), held)
            whole = self.syntax.join_list(statement, Code(listed))
        else:
            lines, operands, _ = self.leading(statement, source, held)
            if not statement.branches:
                held = [self.hold(r[0], r) for r in JOINS[statement.call.op].roles]
                three = Code(", ".join(held))
                lines = [assign(str(three), self.syntax.thirds(source))]
                operands = [Code(name) for name in held]
            whole = self.syntax.join(statement, operands)
        self.release(held)
        return [*lines, assign(target, whole, note)], Code(target)

    def running(
        self, join: JoinStatement, source: Code, target: str
    ) -> tuple[list[Line], Code]:
        """The branches that always are there, then each other one if it is."""
        held: list[str] = []
        lines, always, parts = self.leading(join, source, held)
        whole = always[0]
        if len(always) > 1:
            whole = self.syntax.join(join, always)
        # What the other branches read shall not be overwritten.
        own = target if self.is_tapped(join.name) else self.hold("total")
        lines.append(assign(own, whole, self.syntax.note(join)))
        for part in parts:
            before, value = self.branch(join, part, source, held)
            more = self.syntax.join(join, [Code(own), value])
            added = [*before, assign(own, more)]
            if part.when is not None:
                added = [condition(self.syntax.test(part.when, part.name), added)]
            lines += added
        self.release(held)
        return lines, Code(own)

    def leading(
        self, join: JoinStatement, source: Code, held: list[str]
    ) -> tuple[list[Line], list[Code], list[BranchPart]]:
        """The first branches, which always are there; their tensors; the others."""
        lines: list[Line] = []
        always: list[Code] = [] if join.branches else [source]
        parts = list(join.branches)
        while parts and parts[0].when is None and parts[0].count is None:
            before, value = self.branch(join, parts.pop(0), source, held)
            lines += before
            always.append(value)
        return lines, always, parts

    def branch(
        self, join: JoinStatement, part: BranchPart, source: Code, held: list[str]
    ) -> tuple[list[Line], Code]:
        """What has to be said before, and the branch's tensor."""
        start = self.variables[part.source] if part.source else source
        if len(part.body) == 1 and isinstance(only := part.body[0], OpStatement):
            begin = self.variables[only.source] if only.source else start
            value = self.syntax.inline(only, begin)
            if value is not None and not self.is_tapped(only.name):
                return [], value
        short = part.name[0] if part.name in JOINS[join.call.op].roles else part.name
        held.append(self.hold(short, f"{join.name}_{part.name}"))
        return self.body(part.body, start, held[-1])

    def listed(
        self,
        statement: JoinStatement,
        source: Code,
        target: str,
        branches: Code,
        held: list[str],
    ) -> list[Line]:
        """Branches of which some may not be there, or stand there several times."""
        lines, always, parts = self.leading(statement, source, held)
        listed = ", ".join(str(value) for value in always)
        lines.append(assign(str(branches), Code(f"[{listed}]")))
        for part in parts:
            start = self.variables[part.source] if part.source else source
            if part.series and part.body:
                own = self.running_variable(statement, part, start, target, held)
                names = [self.hold(s.name, f"{s.name}_layer") for s in part.body]
                held += names
                added = self.syntax.series(part, own, names, branches)
                added = [*([assign(own, start)] if start != Code(own) else []), *added]
            elif part.count is not None:
                held.append(self.hold(f"{part.name}_out"))
                added = self.syntax.repeated(part, start, held[-1], branches)
            else:
                before, value = self.branch(statement, part, source, held)
                added = [*before, Line("append", value, branches)]
            if part.when is not None:
                added = [condition(self.syntax.test(part.when, part.name), added)]
            elif not always and part is parts[0] and added[0].kind == "extend":
                added = [assign(str(branches), added[0].value)]  # instead of []
                lines.pop()
            lines += added
        return lines

    def running_variable(
        self,
        join: JoinStatement,
        part: BranchPart,
        start: Code,
        target: str,
        held: list[str],
    ) -> str:
        """The variable of a series: where it starts, if nothing else needs that."""
        now = self._starts[id(part)]
        others = join.branches[join.branches.index(part) + 1 :]
        needed = any(
            variable == start and self._last_use.get(name, 0) > now
            for name, variable in self.variables.items()
        )
        read = part.source is None and any(other.source is None for other in others)
        given = start == Code(self.source) and self.source != "x"
        if id(join) in self._outer and not (needed or read or given):
            return str(start)
        held.append(self.hold(part.name, f"{join.name}_{part.name}"))
        return held[-1]


def _is_running(join: JoinStatement) -> bool:
    """Whether it has optional branches behind one that always is there."""
    plain = all(part.count is None for part in join.branches)
    optional = any(part.when is not None for part in join.branches)
    added = join.call.op != "concat" and plain and optional
    return added and join.branches[0].when is None


def behind(body: Sequence[Statement], references: Sequence[str]) -> int:
    """The number of statements after which all of these layers have been run."""
    names = {name.partition(".")[0] for name in references}
    return 1 + max(n for n, statement in enumerate(body) if statement.name in names)
