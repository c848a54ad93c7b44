"""Which statements work channels last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from archspec.targets.program.calls import Call, Loop, Unrolled
from archspec.targets.program.statements import (
    Body,
    JoinStatement,
    OpStatement,
    PassStatement,
    Program,
    Statement,
)
from archspec.targets.torch.layout.ends import any_map, besides, gives, reads

Layouts = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Marks:
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
        starts = [n for n in range(first + 1) if not any_map(reads(run[n]))]
        ends = [n for n in range(last, len(run)) if not any_map(gives(run[n]))]
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
        if not any_map([*reads(statement), *gives(statement), *besides(statement)]):
            return 0
        if isinstance(statement, OpStatement):
            if statement.again or statement.runs_again:
                return None  # one module for all runs, whatever is around them
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
    call = _marked_call(join.call)
    last = call.channels_last or any_map(besides(join))
    return replace(join, call=replace(call, channels_last=last))


def _marked_call(call: Call) -> Call:
    return replace(call, channels_last=any_map([*call.inputs, *call.outputs]))
