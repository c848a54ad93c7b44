"""A join: its branches one after the other, then what they become together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from archspec.ops import JOINS
from archspec.targets.code import Code
from archspec.targets.lines import Line, assign, condition
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Statement,
)
from archspec.targets.syntax import BranchRuns, Operands, Syntax
from archspec.targets.variables import Variables

Lines = tuple[list[Line], Code]
"""Statements, and the variable or expression of what comes out of them."""


@dataclass
class Branches:
    """The branches of one join, behind the tensor `source`.

    `body` writes statements behind a tensor, for a branch of this name. `held` are the
    variables that are free again once the branches are joined in `target`.
    """

    variables: Variables
    syntax: Syntax
    body: Callable[[Sequence[Statement], Code, str | None], Lines]
    join: JoinStatement
    source: Code
    target: str
    held: list[str] = field(default_factory=list[str])

    def joined(self) -> Lines:
        """The branches and the join, and the variable of its result."""
        if self.syntax.accumulates and _is_running(self.join):
            return self.added_up()
        if any(part.when or part.count for part in self.join.branches):
            listed = Code(self.hold("branches", "operands"))
            lines = self.listed(listed)
            whole = self.syntax.join_list(self.join, listed)
        else:
            lines, operands, _ = self.leading()
            if not self.join.branches:
                lines, operands = self.thirds()
            whole = self.syntax.join(self.join, operands)
        self.variables.release(self.held)
        last = assign(self.target, whole, self.syntax.note(self.join))
        return [*lines, last], Code(self.target)

    def thirds(self) -> tuple[list[Line], list[Code]]:
        """The roles of a join without branches, a third of its source each."""
        roles = JOINS[self.join.call.op].roles
        names = [self.hold(role[0], role) for role in roles]
        three = assign(", ".join(names), self.syntax.thirds(self.source))
        return [three], [Code(name) for name in names]

    def added_up(self) -> Lines:
        """The branches that always are there, then each other one if it is."""
        lines, always, parts = self.leading()
        whole = always[0]
        if len(always) > 1:
            whole = self.syntax.join(self.join, always)
        # What the other branches read shall not be overwritten.
        tapped = self.variables.is_tapped(self.join.name)
        own = self.target if tapped else self.variables.hold("total")
        lines.append(assign(own, whole, self.syntax.note(self.join)))
        for part in parts:
            before, value = self.branch(part)
            more = self.syntax.join(self.join, [Code(own), value])
            lines += self.if_there(part, [*before, assign(own, more)])
        self.variables.release(self.held)
        return lines, Code(own)

    def leading(self) -> tuple[list[Line], list[Code], list[BranchPart]]:
        """The first branches, which always are there; their tensors; the others."""
        lines: list[Line] = []
        always: list[Code] = []
        parts = list(self.join.branches)
        while parts and parts[0].when is None and parts[0].count is None:
            before, value = self.branch(parts.pop(0))
            lines += before
            always.append(value)
        return lines, always, parts

    def branch(self, part: BranchPart) -> Lines:
        """The statements of a branch, and its tensor."""
        start = self.start(part)
        if len(part.body) == 1 and isinstance(only := part.body[0], OpStatement):
            begin = self.variables.read(only.source, start)
            value = self.syntax.inline(only, begin)
            if value is not None and not self.variables.is_tapped(only.name):
                return [], value
        is_role = part.name in JOINS[self.join.call.op].roles
        short = part.name[0] if is_role else part.name
        own = self.hold(short, f"{self.join.name}_{part.name}")
        return self.body(part.body, start, own)

    def listed(self, branches: Code) -> list[Line]:
        """Branches of which some may not be there, or stand there several times."""
        lines, always, parts = self.leading()
        whole = ", ".join(map(str, always))
        lines.append(assign(str(branches), Code(f"[{whole}]")))
        for part in parts:
            added = self.if_there(part, self.appended(part, branches))
            if not always and part is parts[0] and added[0].kind == "extend":
                added = [assign(str(branches), added[0].value)]  # instead of []
                lines.pop()
            lines += added
        return lines

    def appended(self, part: BranchPart, branches: Code) -> list[Line]:
        """A branch, or all of its runs, added to a list."""
        if part.series and part.body:
            return self.series(part, branches)
        if part.count is not None:
            own = self.hold(f"{part.name}_out")
            start, read = self.start(part), self.operands(part, own)
            return self.syntax.repeated(BranchRuns(part, start, own, read, branches))
        before, value = self.branch(part)
        return [*before, Line("append", value, branches)]

    def series(self, part: BranchPart, branches: Code) -> list[Line]:
        """Runs that read each other, in a variable that starts where they do."""
        start = self.start(part)
        free = self.variables.is_free(start, self.join, part)
        long = f"{self.join.name}_{part.name}"
        own = str(start) if free else self.hold(part.name, long)
        names = [self.hold(s.name, f"{s.name}_layer") for s in part.body]
        copied = [] if free else [assign(own, start)]
        read = self.operands(part, own)
        runs = BranchRuns(part, start, own, read, branches, names)
        return [*copied, *self.syntax.series(runs)]

    def operands(self, part: BranchPart, own: str) -> list[Operands]:
        """What each layer of a branch reads that has this variable."""
        read = map(self.variables.others, part.body)
        return [Operands(Code(own), others) for others in read]

    def if_there(self, part: BranchPart, lines: list[Line]) -> list[Line]:
        """The statements of a branch under its condition."""
        if part.when is None:
            return lines
        return [condition(self.syntax.test(part.when, part.name), lines)]

    def start(self, part: BranchPart) -> Code:
        """The tensor that a branch starts from."""
        return self.variables.read(part.source, self.source)

    def hold(self, *candidates: str) -> str:
        """A free name until the branches are joined."""
        self.held.append(self.variables.hold(*candidates))
        return self.held[-1]


def _is_running(join: JoinStatement) -> bool:
    """Whether it has optional branches behind one that always is there."""
    plain = all(part.count is None for part in join.branches)
    optional = any(part.when is not None for part in join.branches)
    added = join.call.op != "concat" and plain and optional
    return added and join.branches[0].when is None
