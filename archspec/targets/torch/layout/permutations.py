"""Permutations wherever a statement reads the other layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple

from archspec.errors import Place
from archspec.expressions import Constant
from archspec.ops import Shape
from archspec.targets.program.calls import Attribute, Call, FrameworkLayer
from archspec.targets.program.statements import (
    Body,
    BranchPart,
    JoinStatement,
    OpStatement,
    PassStatement,
    Routine,
    Statement,
    TableStatement,
    every,
)
from archspec.targets.torch.layout.ends import (
    any_map,
    gives,
    is_last,
    passed_on,
    reads,
    reads_last,
)

PERMUTE = "permute"
"""The op of a statement that changes the layout."""
UNNAMED = "_permuted"
"""What nothing refers to; no layer of a spec has this name."""


class _Tensor(NamedTuple):
    """Its shapes in the uses of a routine, and whether it is a map, channels last."""

    shapes: Sequence[Shape]
    last: bool = False


@dataclass
class Permutations:
    """Puts a permutation wherever a statement reads the other layout."""

    routine: Routine
    pinned: Set[str]
    known: dict[str, _Tensor] = field(default_factory=dict[str, _Tensor])

    def body(self) -> Body:
        """The routine's statements; it reads and gives channels first."""
        given = _Tensor(())
        names = "input", *self.routine.inputs, *self.routine.tensors
        self.known |= dict.fromkeys(names, given)
        return self.part(self.routine.body, given, last=False)

    def part(self, body: Body, current: _Tensor, last: bool) -> Body:
        """Statements behind a tensor, whose result has the layout that is asked for."""
        found: list[Statement] = []
        for statement in body:
            added, current = self.statement(statement, current)
            found += added
        if any_map(current.shapes) and current.last != last:
            place = body[-1].place if body else self.routine.body[0].place
            found.append(_permutation(place, last, current.shapes))
        return tuple(found)

    def statement(
        self, statement: Statement, current: _Tensor
    ) -> tuple[list[Statement], _Tensor]:
        """The statement with what permutes before and behind it, and what it gives."""
        source = self.known[statement.source] if statement.source else current
        if isinstance(statement, PassStatement):
            return self.passed(statement, source)
        found: list[Statement] = []
        shapes, last = reads(statement), reads_last(statement)
        if any_map(shapes) and source.last != last:
            name = "input" if last and self.takes_over(statement) else UNNAMED
            place, origin = statement.place, statement.source
            found.append(_permutation(place, last, shapes, origin, name))
            source = self.known[name] = _Tensor(shapes, last)
            statement = replace(statement, source=None)
        if isinstance(statement, JoinStatement):
            parts = [self.branch(statement, p, source) for p in statement.branches]
            statement = replace(statement, branches=tuple(parts))
        found.append(statement)
        given = gives(statement)
        current = _Tensor(given, is_last(statement) and any_map(given))
        if current.last and statement.name in self.pinned:
            place, name = statement.place, statement.name
            found.append(_permutation(place, False, given, None, name))
            current = _Tensor(given)
        rows = statement.rows if isinstance(statement, TableStatement) else ()
        self.know(statement, [row.name for row in rows], current)
        return found, current

    def passed(
        self, statement: PassStatement, source: _Tensor
    ) -> tuple[list[Statement], _Tensor]:
        """The same of a statement that gives its source other names."""
        found: list[Statement] = []
        names = statement.name, *(f"{statement.name}.{r}" for r in statement.rows)
        if source.last and not self.pinned.isdisjoint(names):
            place, origin = statement.place, statement.source
            found.append(_permutation(place, False, source.shapes, origin))
            source = _Tensor(source.shapes)
            statement = replace(statement, source=None)
        self.know(statement, statement.rows, source)
        return [*found, statement], source

    def know(self, statement: Statement, rows: Sequence[str], tensor: _Tensor) -> None:
        """Note what a statement and its rows give."""
        names = [statement.name, *(f"{statement.name}.{row}" for row in rows)]
        self.known |= dict.fromkeys(names, tensor)

    def branch(
        self, join: JoinStatement, part: BranchPart, source: _Tensor
    ) -> BranchPart:
        """A branch in the layout of its join."""
        start = self.known[part.source] if part.source else source
        if not part.body and not start.shapes:
            start = start._replace(shapes=passed_on(join, part))
        body = self.part(part.body, start, join.call.channels_last)
        return replace(part, body=body)

    def takes_over(self, statement: Statement) -> bool:
        """Whether a routine begins with it, and reads its input channels last only."""
        if statement is not self.routine.body[0] or self.routine.residual is not None:
            return False
        inner = every(self.routine.body)
        readers = chain.from_iterable(map(_readers_of_input, inner))
        return "input" not in self.pinned and all(map(is_last, readers))


def _permutation(
    place: Place,
    last: bool,
    shapes: Sequence[Shape],
    source: str | None = None,
    name: str = UNNAMED,
) -> OpStatement:
    """A statement that permutes a map, which needs no name unless it takes one over."""
    layer = FrameworkLayer("channels_last" if last else "channels_first", {})
    none = Attribute(Constant(0), (0,))
    ends = tuple(shapes)
    call = Call(
        PERMUTE, {}, none, none.expression, ends, ends, (), (layer,), channels_last=last
    )
    return OpStatement(name, place, call, None, source)


def _readers_of_input(statement: Statement) -> Iterator[Statement]:
    """The statement or what begins its branches, if it reads the routine's input."""
    if statement.source == "input":
        yield statement
    for part in statement.branches:
        if part.source == "input":
            yield part.body[0] if part.body else statement
