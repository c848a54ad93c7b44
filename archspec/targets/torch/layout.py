"""Where feature maps are channels last in PyTorch, and what permutes them.

Feature maps are (N, C, H, W) between blocks, rows and stages. A layer that works on the
channels of each position wants (N, H, W, C). Where several of them follow each other,
a body permutes the map before the first and its result behind the last; one by itself
is a module that permutes. Sequences are (N, L, C) everywhere, so they need nothing.

`layouts` of the manifest lists the ops that want channels last, and those that take
either layout; all others need channels first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple

from archspec.errors import Place
from archspec.expressions import Constant
from archspec.ops import Shape
from archspec.ops.shapes import is_map
from archspec.targets.program.calls import (
    Attribute,
    Call,
    FrameworkLayer,
    Loop,
    Unrolled,
)
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    PassStatement,
    Program,
    Routine,
    Statement,
    TableStatement,
    every,
)

PERMUTE = "permute"
"""The op of a statement that changes the layout."""
UNNAMED = "_permuted"
"""What nothing refers to; no layer of a spec has this name."""
Layouts = Mapping[str, Sequence[str]]
Body = tuple[Statement, ...]


def arranged(program: Program, layouts: Layouts, pinned: Sequence[str] = ()) -> Program:
    """The program with its layouts: statements that permute, the others marked.

    `pinned` are layers of the network whose outputs have to be channels first.
    """
    marks = _Marks(program, layouts)

    def arrange(routine: Routine, pinned: Sequence[str] = ()) -> Routine:
        marked = replace(routine, body=marks.body(routine.body))
        named = frozenset([*pinned, *_read_as_they_are(routine.body)])
        return replace(routine, body=_Permutations(marked, named).body())

    blocks = {name: arrange(routine) for name, routine in program.blocks.items()}
    return replace(program, blocks=blocks, root=arrange(program.root, pinned))


@dataclass(frozen=True)
class _Marks:
    """Decides which statements work channels last."""

    program: Program
    layouts: Layouts

    def body(self, body: Body) -> Body:
        """The statements, those of runs in which it pays marked."""
        found: list[Statement] = []
        run: list[Statement] = []
        for statement in body:
            if self.wishes(statement) is not None:
                run.append(statement)
                continue
            found += [*self.run(run), self.inside(statement)]
            run = []
        return (*found, *self.run(run))

    def inside(self, statement: Statement) -> Statement:
        """A statement that is channels first, with what its branches decide.

        A join that wants channels last is so nevertheless: its branches permute.
        """
        if not isinstance(statement, JoinStatement):
            return statement
        parts = tuple(
            replace(part, body=part.body if part.count else self.body(part.body))
            for part in statement.branches
        )
        statement = replace(statement, branches=parts)
        return _marked_join(statement) if self.layout(statement.call.op) else statement

    def run(self, run: Sequence[Statement]) -> list[Statement]:
        """Statements that may be channels last, marked from where to where it pays."""
        wishes = [self.wishes(statement) or 0 for statement in run]
        wishing = [number for number, wish in enumerate(wishes) if wish]
        if not wishing:
            return [*run]
        first, last = wishing[0], wishing[-1]
        # to_map gives either layout, tokens and pools read either: start and end there
        starts = [n for n in range(first + 1) if not _any_map(_reads(run[n]))]
        ends = [n for n in range(last, len(run)) if not _any_map(_gives(run[n]))]
        free = bool(starts) and bool(ends)
        if sum(wishes) < 2 and not free:
            return [*run]
        start, end = max(starts, default=first), min(ends, default=last)
        inner = [_marked(statement) for statement in run[start : end + 1]]
        return [*run[:start], *inner, *run[end + 1 :]]

    def wishes(self, statement: Statement) -> int | None:
        """How many ops want channels last; None if it needs channels first.

        A join that wants it counts twice, as no module permutes for it.
        """
        if not _any_map([*_reads(statement), *_gives(statement)]):
            return 0
        if isinstance(statement, OpStatement):
            return _sum(map(self.wish, statement.call.calls))
        if isinstance(statement, JoinStatement):
            inner = [self.wishes(s) for part in statement.branches for s in part.body]
            own = self.layout(statement.call.op)
            return _sum([None if own is None else 2 * own, *inner])
        return 0 if isinstance(statement, PassStatement) else None

    def wish(self, call: Call) -> int | None:
        """1 for a primitive that wants channels last, None for channels first."""
        if call.op in self.program.blocks:
            return None
        function = call.attributes.get("kind")
        if function and function.varies and "softmax" in function.values:
            return None  # whoever gives it as an argument says the axis
        return self.layout(call.op)

    def layout(self, op: str) -> int | None:
        if op in self.layouts["last"]:
            return 1
        return 0 if op in self.layouts["either"] else None


def _sum(wishes: Iterable[int | None]) -> int | None:
    total = 0
    for wish in wishes:
        if wish is None:
            return None
        total += wish
    return total


def _readers_of_input(statement: Statement) -> Iterator[Statement]:
    """The statement or what begins its branches, if it reads the routine's input."""
    if statement.source == "input":
        yield statement
    for part in statement.branches:
        if part.source == "input":
            yield part.body[0] if part.body else statement


def _read_as_they_are(body: Body) -> Iterator[str]:
    """What is read besides a source, or what side by side branches start from.

    Blocks read channels first, and a list of modules has no place for a permutation.
    """
    for statement in every(body):
        yield from filter(None, statement.others)
        starts = (part.source for part in statement.branches if part.count)
        yield from filter(None, starts)


def _marked(statement: Statement) -> Statement:
    """The statement with all of its maps channels last."""
    if isinstance(statement, JoinStatement):
        parts = tuple(
            replace(part, body=tuple(map(_marked, part.body)))
            for part in statement.branches
        )
        return _marked_join(replace(statement, branches=parts))
    if not isinstance(statement, OpStatement):
        return statement
    match statement.call:
        case Loop() as loop:
            first, rest = _marked_call(loop.first), _marked_call(loop.rest)
            return replace(statement, call=replace(loop, first=first, rest=rest))
        case Unrolled(calls):
            return replace(statement, call=Unrolled(tuple(map(_marked_call, calls))))
        case Call() as call:
            return replace(statement, call=_marked_call(call))


def _marked_join(join: JoinStatement) -> JoinStatement:
    return replace(join, call=_marked_call(join.call))


def _marked_call(call: Call) -> Call:
    return replace(call, channels_last=_any_map([*call.inputs, *call.outputs]))


class _Tensor(NamedTuple):
    """Its shapes in the uses of a routine, and whether it is a map, channels last."""

    shapes: Sequence[Shape]
    last: bool = False


@dataclass
class _Permutations:
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
        if _any_map(current.shapes) and current.last != last:
            place = body[-1].place if body else self.routine.body[0].place
            found.append(_permutation(place, last, current.shapes))
        return tuple(found)

    def statement(
        self, statement: Statement, current: _Tensor
    ) -> tuple[list[Statement], _Tensor]:
        """The statement with what permutes before and behind it, and what it gives."""
        source = self.known[statement.source] if statement.source else current
        found: list[Statement] = []
        shapes, last = _reads(statement), _reads_last(statement)
        if isinstance(statement, PassStatement):
            names = [statement.name, *(f"{statement.name}.{r}" for r in statement.rows)]
            self.known |= dict.fromkeys(names, source)
            return [statement], source
        if _any_map(shapes) and source.last != last:
            name = "input" if last and self.takes_over(statement) else UNNAMED
            place, origin = statement.place, statement.source
            permuted = _permutation(place, last, shapes, origin, name)
            source = self.known[name] = _Tensor(shapes, last)
            found.append(permuted)
            statement = replace(statement, source=None)
        if isinstance(statement, JoinStatement):
            parts = [self.branch(statement, p, source) for p in statement.branches]
            statement = replace(statement, branches=tuple(parts))
        found.append(statement)
        gives = _gives(statement)
        current = _Tensor(gives, _is_last(statement) and _any_map(gives))
        if current.last and statement.name in self.pinned:
            place, name = statement.place, statement.name
            found.append(_permutation(place, False, gives, None, name))
            current = _Tensor(gives)
        self.known[statement.name] = current
        if isinstance(statement, TableStatement):
            rows = (f"{statement.name}.{row.name}" for row in statement.rows)
            self.known |= dict.fromkeys(rows, current)
        return found, current

    def branch(
        self, join: JoinStatement, part: BranchPart, source: _Tensor
    ) -> BranchPart:
        """A branch in the layout of its join."""
        start = self.known[part.source] if part.source else source
        if not part.body and not start.shapes:
            start = start._replace(shapes=join.call.outputs)
        body = self.part(part.body, start, join.call.channels_last)
        return replace(part, body=body)

    def takes_over(self, statement: Statement) -> bool:
        """Whether a routine begins with it, and reads its input channels last only."""
        if statement is not self.routine.body[0] or self.routine.residual is not None:
            return False
        inner = every(self.routine.body)
        readers = chain.from_iterable(map(_readers_of_input, inner))
        return "input" not in self.pinned and all(map(_is_last, readers))


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


def _is_last(statement: Statement) -> bool:
    match statement:
        case JoinStatement(call=call):
            return call.channels_last
        case OpStatement(call=call):
            return any(each.channels_last for each in call.calls)
        case _:
            return False


def _reads_last(statement: Statement) -> bool:
    """Whether it reads channels last; of a join, whether all branches begin so."""
    last = _is_last(statement)
    starts = (part.body[0] for part in statement.branches if part.body)
    return last and all(map(_is_last, starts))


def _reads(statement: Statement) -> Sequence[Shape]:
    """The shapes of what a statement reads; of a join, its source."""
    match statement:
        case OpStatement(call=call):
            return call.inputs
        case TableStatement(rows=rows):
            return rows[0].call.inputs
        case JoinStatement(call=call, branches=()):
            return call.inputs
        case JoinStatement():
            return [s for part in statement.branches for s in _starts(statement, part)]
        case _:
            return ()


def _starts(join: JoinStatement, part: BranchPart) -> Sequence[Shape]:
    if part.source is not None or (part.body and part.body[0].source is not None):
        return ()
    return _reads(part.body[0]) if part.body else join.call.outputs


def _gives(statement: Statement) -> Sequence[Shape]:
    """The shapes of what a statement gives."""
    match statement:
        case OpStatement(call=call):
            return call.outputs
        case TableStatement(rows=rows):
            return rows[-1].call.outputs
        case JoinStatement(call=call):
            return call.outputs
        case _:
            return ()


def _any_map(shapes: Sequence[Shape]) -> bool:
    return any(map(is_map, shapes))
