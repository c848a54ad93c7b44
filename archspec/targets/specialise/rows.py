"""Tables: a row is a call, or with `repeat` a call of a function that stacks blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from archspec.expressions import Binary, Constant, Expression, Name, Value
from archspec.language import Formula, Table
from archspec.targets.program.calls import Attribute, Loop, Printed, Stage, StageCall
from archspec.targets.program.statements import Row
from archspec.targets.reduction import reduce, values_of
from archspec.targets.specialise.calls import Caller, Widths
from archspec.targets.specialise.context import Context, Runs, all_same, choose
from archspec.targets.specialise.stages import StageCompiler
from archspec.targets.symbols import constant, substitute
from archspec.targets.unprintable import Unprintable


def compile_stages(context: Context, table: Table, runs: Runs) -> dict[str, Stage]:
    """The function that stacks each op which some row repeats, and nothing else."""
    ops: dict[str | None, set[str]] = {}
    for step in runs.steps:
        ops.setdefault(step.row, set()).add(step.op)
    runs = runs.where(
        lambda step: (
            table.repeat_of(step.row or "") is not None and len(ops[step.row]) == 1
        )
    )
    repeated = dict.fromkeys(step.op for step in runs.others.steps)
    stages = {op: _stage(context, table, runs.of(op)) for op in repeated}
    return {op: stage for op, stage in stages.items() if stage is not None}


def _stage(context: Context, table: Table, runs: Runs) -> Stage | None:
    """A stage; None where rows can only be said run by run."""
    # DenseNet's channels grow with every repeat: count them while stacking.
    for running in (False, True):
        with suppress(Unprintable):
            return StageCompiler(context, table, runs, running).compile()
    return None


@dataclass(frozen=True)
class RowCompiler:
    """The rows of one table."""

    context: Context
    table: Table
    stages: dict[str, Stage]
    widths: Mapping[str, Widths]

    def compile(
        self, runs: Runs, channels: Expression
    ) -> tuple[list[tuple[Row, Expression]], Expression]:
        """Each row with the channels behind it, and those behind the last one."""
        rows: list[tuple[Row, Expression]] = []
        for name in self.table.rows:
            own = runs.where(lambda step, name=name: step.row == name)
            call, channels = self.row(name, own, channels)
            rows.append((Row(name, call), channels))
        return rows, channels

    def row(
        self, name: str, runs: Runs, channels: Expression
    ) -> tuple[Printed, Expression]:
        context = self.with_cells(name, runs)
        repeat, widths = self.table.repeat_of(name), self.widths.get(name, {})
        given = self.context.given(self.table, runs.firsts.op)
        caller = Caller(context, given, runs, channels, widths)
        if len({step.op for step in runs.steps}) > 1:  # the groups of one block
            return caller.unrolled(self.table.then)
        stage = self.stages.get(runs.op)
        if stage is not None and repeat is not None:
            return _StageRow(context, self.table, stage, runs, channels).compile()
        if runs.others.steps:
            return caller.unrolled(self.table.then)
        call = caller.call()
        if repeat is None:
            return call, call.output_channels
        once = Attribute(Constant(1), (1,))
        return Loop(call, call, once, False), call.output_channels

    def with_cells(self, row: str, runs: Runs) -> Context:
        """The context in which the columns stand for the cells of a row.

        So do `index` and `count` for sums, where uses repeat rows otherwise.
        """
        known = self.context.aliases
        cells = _cells(self.table, row)
        aliases = {n: substitute(e, known) for n, e in cells.items()}
        if not all_same([scope.get("index") for scope in runs.firsts.scopes]):
            rows = list(self.table.rows)
            start = total_repeats(self.table, rows[: rows.index(row)])
            aliases["index"] = substitute(Binary("+", start, Name("step")), known)
        counts = [scope.get("count") for scope in runs.scopes]
        if "count" not in self.context.variables and not all_same(counts):
            total = total_repeats(self.table, self.table.rows)
            aliases["count"] = substitute(total, known)
        return replace(self.context, aliases={**known, **aliases})


def total_repeats(table: Table, rows: Iterable[str]) -> Expression:
    """How often these rows are run in all."""
    total: Expression = Constant(0)
    for row in rows:
        repeat = table.repeat_of(row)
        times = repeat.expression if repeat else Constant(1)
        total = Binary("+", total, substitute(times, _cells(table, row)))
    return total


def _cells(table: Table, row: str) -> dict[str, Expression]:
    cells = zip(table.columns, table.rows[row], strict=True)
    return {c: f.expression for c, f in cells if isinstance(f, Formula)}


@dataclass(frozen=True)
class _StageRow:
    """A row that calls a stage function."""

    context: Context
    table: Table
    stage: Stage
    runs: Runs
    channels: Expression

    def compile(self) -> tuple[StageCall, Expression]:
        firsts = self.runs.firsts
        arguments = {p.name: self.argument(p.name) for p in self.stage.parameters}
        lasts = [sequence.steps[-1] for sequence in self.runs.sequences]
        width = Attribute(self.channels, tuple(s.inputs[0][0] for s in firsts.steps))
        outputs = tuple(step.output for step in lasts)
        call = StageCall(self.stage, arguments, width, self.count(), outputs)
        candidates: list[Expression] = []
        if not self.stage.loop.running:
            known = {name: a.expression for name, a in arguments.items()}
            known["in_channels"] = self.channels
            end = substitute(self.stage.loop.rest.output_channels, known)
            candidates = [reduce(end, firsts.scopes, self.context.variables)]
        return call, choose(candidates, firsts.scopes, [s[0] for s in outputs])

    def argument(self, name: str) -> Attribute:
        """What the row says for a parameter: an attribute, a column, or `index`."""
        firsts = self.runs.firsts
        if name in self.stage.columns:
            recorded = values_of(Name(name), firsts.scopes)
            return self.attribute(Name(name), recorded)
        recorded = [self.context.recorded(step, name) for step in firsts.steps]
        formula = self.context.given(self.table, self.runs.op).get(name)
        said = constant(recorded[0])
        if formula is not None and self.context.is_said(formula, firsts):
            said = self.express(formula.expression)
        return self.context.attribute(said, firsts.scopes, recorded)

    def express(self, expression: Expression) -> Expression:
        return self.context.express(expression, self.runs.firsts.scopes, self.channels)

    def attribute(self, expression: Expression, recorded: Sequence[Value]) -> Attribute:
        printed = self.express(expression)
        return self.context.attribute(printed, self.runs.firsts.scopes, recorded)

    def count(self) -> Attribute:
        """How many blocks are stacked."""
        assert self.table.repeat is not None
        numbers = [len(sequence.steps) for sequence in self.runs.sequences]
        return self.attribute(self.table.repeat.expression, numbers)
