"""Lowering: every primitive of a program becomes a framework's layers.

This happens once, before anything is printed, so that the names that the text will
read are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from archspec.targets.dialect import Dialect
from archspec.targets.program.calls import (
    Call,
    Loop,
    Parameter,
    Printed,
    Stage,
    StageCall,
    Unrolled,
)
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Program,
    Routine,
    Statement,
    TableStatement,
)
from archspec.targets.unprintable import located


def lower(dialect: Dialect) -> Program:
    """The dialect's program, every primitive with its layers."""
    return _Lowering(dialect).program()


class _Lowering:
    def __init__(self, dialect: Dialect):
        self.dialect = dialect
        self.source = dialect.program
        self.stages = {stage.name: self.stage(stage) for stage in self.source.stages}

    def program(self) -> Program:
        blocks = {
            name: self.routine(routine) for name, routine in self.source.blocks.items()
        }
        root, rate = self.routine(self.source.root), self.dialect.dropout_rate
        if rate is not None:
            own = Parameter("dropout", (rate,), rate)
            root = replace(root, parameters=(*root.parameters, own))
        stages = tuple(self.stages.values())
        return replace(self.source, blocks=blocks, stages=stages, root=root)

    def routine(self, routine: Routine) -> Routine:
        block = routine.block
        with located(block and block.place, "", block.name if block else ""):
            return replace(routine, body=self.body(routine.body, block is None))

    def stage(self, stage: Stage) -> Stage:
        return replace(stage, loop=self.loop(stage.loop, False))

    def body(self, body: Sequence[Statement], root: bool) -> tuple[Statement, ...]:
        return tuple(self.statement(statement, root) for statement in body)

    def statement(self, statement: Statement, root: bool) -> Statement:
        with located(statement.place, f"layer {statement.name}"):
            match statement:
                case OpStatement(call=call):
                    return replace(statement, call=self.printed(call, root))
                case TableStatement(rows=rows):
                    lowered = (
                        replace(r, call=self.printed(r.call, root)) for r in rows
                    )
                    return replace(statement, rows=tuple(lowered))
                case JoinStatement(call=call, branches=branches):
                    parts = tuple(self.branch(part, root) for part in branches)
                    call = self.call(call, root)
                    return replace(statement, call=call, branches=parts)
                case _:
                    return statement

    def branch(self, part: BranchPart, root: bool) -> BranchPart:
        return replace(part, body=self.body(part.body, root))

    def printed(self, call: Printed, root: bool) -> Any:
        match call:
            case Loop():
                return self.loop(call, root)
            case Unrolled(calls):
                return Unrolled(tuple(self.call(each, root) for each in calls))
            case StageCall():
                return replace(call, stage=self.stages[call.stage.name])
            case Call():
                return self.call(call, root)

    def loop(self, loop: Loop, root: bool) -> Loop:
        first, rest = self.call(loop.first, root), self.call(loop.rest, root)
        return replace(loop, first=first, rest=rest)

    def call(self, call: Call, root: bool) -> Call:
        if call.op in self.source.blocks or call.layers:
            return call
        return replace(call, layers=self.dialect.layers(call, root))
