"""Which variable holds which tensor, and for how long.

The running tensor is `x`; it is `y` for as long as the routine's input is still needed.
A tensor that something else refers to has its layer's name, a branch the branch's.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable, Sequence
from itertools import chain, count

from archspec.targets.code import Code
from archspec.targets.program.calls import Loop, Unrolled
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

Written = OpStatement | JoinStatement | TableStatement
"""A statement that puts its result into a variable."""


class Variables:
    """The variables of one routine.

    `_starts`, `_ends` and `_last_use` are positions on a clock that runs through the
    routine once: when a statement has its source, when it is done, and when something
    last refers to a layer by its name.
    """

    def __init__(
        self,
        routine: Routine,
        source: str,
        taken: Iterable[str],
        outputs: Sequence[str] = (),
    ):
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
        self.variables: dict[str, Code] = dict(zip(names, self.tensors, strict=True))
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
            if _runs_often(statement):  # later runs read them behind the first result
                self._use_all(statement.others)

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

    def read(self, name: str | None, running: Code) -> Code:
        """The variable that holds a layer's tensor; that of no name is the running."""
        return running if name is None else self.variables[name]

    def others(self, reader: Statement | Row) -> list[Code | None]:
        """The variables of what is read besides a source."""
        return [self.variables[name] if name else None for name in reader.others]

    def hold(self, *candidates: str) -> str:
        """The first free name, which is then taken."""
        numbered = (f"{candidates[-1]}_{number}" for number in count(2))
        name = next(n for n in chain(candidates, numbered) if n not in self._taken)
        self._taken.add(name)
        return name

    def release(self, names: Iterable[str]) -> None:
        """Free names of tensors that are no longer needed."""
        self._taken -= set(names)

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

    def is_free(self, variable: Code, join: JoinStatement, part: BranchPart) -> bool:
        """Whether a branch may overwrite the variable that it starts from."""
        now = self._starts[id(part)]
        others = join.branches[join.branches.index(part) + 1 :]
        needed = any(
            held == variable and self._last_use.get(name, 0) > now
            for name, held in self.variables.items()
        )
        read = part.source is None and any(other.source is None for other in others)
        given = variable == Code(self.source) and self.source != "x"
        return id(join) in self._outer and not (needed or read or given)

    def _standing_for_input(self) -> Statement | None:
        """What a block begins with, if from then on it only asks for that result.

        The result is `x` then, and needed for as long as it is referred to.
        """
        first = next(iter(self.routine.body), None)
        if first is None or isinstance(first, PassStatement):
            return None
        if not self.routine.block or self.source != "x":
            return None
        if not self.is_tapped(first.name):
            return None
        if self._last_use.get("input", 0) > self._ends[id(first)]:
            return None
        self._last_use["input"] = self._last_use.pop(first.name)
        return first


def _runs_often(statement: Statement) -> bool:
    """Whether it may write its variable before it has read all of its tensors."""
    if isinstance(statement, OpStatement):
        several = isinstance(statement.call, Loop | Unrolled)
        return several or statement.times is not None
    return isinstance(statement, TableStatement)
