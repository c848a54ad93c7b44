"""Functions that stack one op: how each argument changes from repeat to repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from archspec.errors import Place
from archspec.expressions import Binary, Constant, Expression, Name, Scope, Value
from archspec.language import Formula, Table
from archspec.targets.program.calls import Attribute, Call, Loop, Parameter, Stage
from archspec.targets.specialise.calls import Caller
from archspec.targets.specialise.context import Context, Runs, all_same
from archspec.targets.symbols import constant, inline, names_in, substitute
from archspec.targets.unprintable import Unprintable

IN_CHANNELS = Name("in_channels")
NOWHERE = Place("", 1, 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """How an argument is said in the first call and in the others.

    `by_row` means that the stage has a parameter for it, `reads` names the columns
    that it needs as parameters.
    """

    first: Expression
    rest: Expression
    by_row: bool = False
    reads: frozenset[str] = frozenset()

    def by_arguments(self, said: Mapping[str, Expression]) -> Plan:
        """The same where `said` has the arguments that just are a column."""
        if self.by_row:
            return self
        first, rest = substitute(self.first, said), substitute(self.rest, said)
        return replace(self, first=first, rest=rest, reads=self.reads - said.keys())


@dataclass(frozen=True)
class StageCompiler:
    """One stage; with `running` it counts its channels while it stacks."""

    context: Context
    table: Table
    runs: Runs
    running: bool

    def compile(self) -> Stage:
        """The stage; raises Unprintable where no rule fits an argument."""
        plans = {name: self.plan(name) for name in self.names()}
        said = self.said(plans)
        plans = {name: plan.by_arguments(said) for name, plan in plans.items()}
        reads = {name for plan in plans.values() for name in plan.reads}
        columns = sorted(reads, key=lambda name: (name == "count", name))
        by_row = [name for name, plan in plans.items() if plan.by_row]
        if not {*by_row}.isdisjoint(columns):
            raise Unprintable("a column and an argument of one name")
        variables = {"in_channels", "classes", "step", "index", *by_row, *columns}
        inner = replace(self.context, variables=frozenset(variables), aliases={})
        firsts = {name: _formula(plan.first) for name, plan in plans.items()}
        others = {name: _formula(plan.rest) for name, plan in plans.items()}
        seen = [self.seen(sequence, by_row) for sequence in self.runs.sequences]
        loop = self.loop(inner, (firsts, others), seen)
        read, columns = loop.names_read(), ["index", *columns]
        values = {name: self.given(name) for name in by_row}
        values |= {name: self.cells(name) for name in columns if name in read}
        parameters = tuple(
            Parameter(name, tuple(values[name])) for name in values if name in read
        )
        name = f"{self.runs.op}_stage"
        return Stage(name, parameters, loop, frozenset(columns))

    def said(self, plans: Mapping[str, Plan]) -> Mapping[str, Expression]:
        """Columns that rows give as arguments anyway, each with the argument."""
        given = self.context.given(self.table, self.runs.op)
        own = {name for name, plan in plans.items() if plan.by_row}
        return {
            formula.expression.id: Name(name)
            for name, formula in given.items()
            if formula and isinstance(formula.expression, Name)
            if name in own - {*self.table.columns}
        }

    def names(self) -> Sequence[str]:
        """What can change: the block's parameters, or what the table gives."""
        routine = self.context.routines.get(self.runs.op)
        if routine is None:
            return list(self.context.given(self.table, self.runs.op))
        return [parameter.name for parameter in routine.parameters]

    def loop(
        self,
        context: Context,
        given: tuple[Mapping[str, Formula], Mapping[str, Formula]],
        sequences: Sequence[Runs],
    ) -> Loop:
        """The first call and the others, or one for all where channels are counted."""
        count = Attribute(Name("repeats"), tuple(len(s.steps) for s in sequences))
        if self.running:
            call = _call(context, given[0], sequences, slice(None), IN_CHANNELS)
            return Loop(call, call, count, True)
        first = _call(context, given[0], sequences, slice(0, 1), IN_CHANNELS)
        behind = first.output_channels
        rest = _call(context, given[1], sequences, slice(1, None), behind)
        if rest.output_channels != behind:
            raise Unprintable("channels that change each time")
        return Loop(first, rest, count, False)

    def seen(self, sequence: Runs, by_row: Sequence[str]) -> Runs:
        """A row's runs, with the values of the stage's own names in each."""
        first = sequence.steps[0]
        own: dict[str, Value] = {n: self.context.recorded(first, n) for n in by_row}
        own["index"] = _number(sequence.scopes[0].get("index", 0))
        scopes: list[Scope] = []
        for scope, step in zip(sequence.scopes, sequence.steps, strict=True):
            width = (step if self.running else first).inputs[0][0]
            scopes.append({**scope, **own, "in_channels": width})
        return Runs(scopes, sequence.steps)

    def given(self, name: str) -> list[Value]:
        """What all rows say for an argument."""
        return [self.context.recorded(step, name) for step in self.runs.firsts.steps]

    def cells(self, name: str) -> list[Value]:
        """What a column or the row's number is in all rows."""
        return [_number(scope[name]) for scope in self.runs.scopes]

    def plan(self, name: str) -> Plan:
        """Never, by row, only after the first repeat, or by rule."""
        recorded = [
            [self.context.recorded(step, name) for step in sequence.steps]
            for sequence in self.runs.sequences
        ]
        everything = [value for row in recorded for value in row]
        others = [value for row in recorded for value in row[1:]]
        if all_same(everything):
            return Plan(constant(everything[0]), constant(everything[0]))
        if all(all_same(row) for row in recorded):
            return Plan(Name(name), Name(name), by_row=True)
        if all_same(others) and not self.running:
            return Plan(Name(name), constant(others[0]), by_row=True)
        return self.rule(name)

    def rule(self, name: str) -> Plan:
        """An expression over the channels, the step and the columns."""
        each = self.context.given(self.table, self.runs.op).get(name)
        if each is None:
            raise Unprintable(f"'{name}', which changes from repeat to repeat")
        first = self.stage_form(each)
        then = self.table.then.get(name)
        rest = self.stage_form(then) if then is not None else first
        if not self.running:
            first = substitute(first, {"step": Constant(0)})
        around = self.context.variables - {"in_channels", "classes", "step", "index"}
        known = {*self.table.columns, "count", *around}
        reads = (names_in(first) | names_in(rest)) & known
        scopes = self.runs.scopes
        varying = {n for n in reads if not all_same([scope[n] for scope in scopes])}
        return Plan(first, rest, reads=frozenset(varying))

    def stage_form(self, formula: Formula) -> Expression:
        """Over the stage's names: `index` is the row's first index plus `step`."""
        inlined = inline(formula.expression, self.context.functions)
        counted = Binary("+", Name("index"), Name("step"))
        return substitute(inlined, {"index": counted})


def _call(
    context: Context,
    given: Mapping[str, Formula],
    sequences: Sequence[Runs],
    part: slice,
    channels: Expression,
) -> Call:
    """The call that this part of each row's runs makes."""
    runs = Runs(
        [scope for sequence in sequences for scope in sequence.scopes[part]],
        [step for sequence in sequences for step in sequence.steps[part]],
    )
    return Caller(context, given, runs, channels).call()


def _formula(expression: Expression) -> Formula:
    return Formula(expression, NOWHERE)


def _number(value: object) -> Value:
    assert isinstance(value, (int, float, str))
    return value
