"""The shapes that statements read and give, and in which layout."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.ops import Shape
from archspec.ops.shapes import is_map
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Statement,
    TableStatement,
)


def is_last(statement: Statement) -> bool:
    """Whether the statement itself works channels last."""
    return any(call.channels_last for call in statement.calls)


def reads_last(statement: Statement) -> bool:
    """Whether it reads channels last; of a join, whether all branches begin so."""
    last = is_last(statement)
    starts = (part.body[0] for part in statement.branches if part.body)
    return last and all(map(is_last, starts))


def reads(statement: Statement) -> Sequence[Shape]:
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
    return reads(part.body[0]) if part.body else join.call.outputs


def besides(statement: Statement) -> Sequence[Shape]:
    """The shapes of what a join reads in its branches but the first."""
    if not isinstance(statement, JoinStatement):
        return ()
    return [shape for shapes in statement.call.others for shape in shapes]


def passed_on(join: JoinStatement, part: BranchPart) -> Sequence[Shape]:
    """The shapes of what a branch without layers passes on to its join."""
    inputs = zip(join.call.inputs, join.call.others, strict=True)
    each = [(first, *others) for first, others in inputs]
    if any(len(shapes) != len(join.branches) for shapes in each):
        return join.call.outputs  # some branch is repeated, so all are alike
    return [shapes[join.branches.index(part)] for shapes in each]


def gives(statement: Statement) -> Sequence[Shape]:
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


def any_map(shapes: Sequence[Shape]) -> bool:
    """Whether one of them is the shape of a feature map."""
    return any(map(is_map, shapes))
