"""One op's attributes as expressions of the routine that calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod

from archspec.expressions import (
    Constant,
    Expression,
    parse,
    to_text,
)
from archspec.language import Formula
from archspec.ops import JOINS, OPS, Op
from archspec.targets.program.calls import Attribute, Call, Parameter, Unrolled
from archspec.targets.program.statements import Routine
from archspec.targets.reduction import reduce, values_of
from archspec.targets.specialise.context import (
    Context,
    Given,
    Runs,
    all_same,
    choose,
    differing,
)
from archspec.targets.specialise.needs import merged, needs_of
from archspec.targets.symbols import constant, inline, substitute
from archspec.targets.unprintable import Unprintable

Widths = Mapping[str, Expression | None]


@dataclass(frozen=True)
class Caller:
    """What calls the runs of a layer: `given` are attributes, `channels` what it reads.

    `widths` are the channels of tensor arguments, None for those of the input.
    """

    context: Context
    given: Given
    runs: Runs
    channels: Expression
    widths: Widths = field(default_factory=dict[str, Expression | None])

    def call(self) -> Call:
        """The call that all these runs make; raises Unprintable where there is none."""
        runs = self.runs
        channels = reduce(self.channels, runs.scopes, self.context.variables)
        inputs = [step.inputs[0][0] for step in runs.steps]
        if values_of(channels, runs.scopes) != inputs:
            found = ", ".join(str(width) for width in sorted(set(inputs)))
            raise Unprintable(f"{to_text(channels)} channels, where {found} come")
        own = replace(self, channels=channels)
        routine = self.context.routines.get(runs.op)
        if routine is None:
            attributes, output = own.primitive(OPS[runs.op])
        else:
            attributes, output = own.block(routine)
        ends = [step.output[0] for step in runs.steps]
        return Call(
            runs.op,
            attributes,
            Attribute(channels, tuple(inputs)),
            choose([output], runs.scopes, ends),
            tuple(step.inputs[0] for step in runs.steps),
            tuple(step.output for step in runs.steps),
            tuple(step.path for step in runs.steps),
            others=tuple(zip(*(step.inputs[1:] for step in runs.steps), strict=True)),
        )

    def join(self, width: Expression) -> Call:
        """The call that joins branches; `width` are the channels of its output."""
        runs = self.runs
        ends = tuple(step.output[0] for step in runs.steps)
        return Call(
            runs.op,
            self.attributes(JOINS[runs.op], {}),
            Attribute(width, ends),
            width,
            tuple(step.inputs[0] for step in runs.steps),
            tuple(step.output for step in runs.steps),
            tuple(step.path for step in runs.steps),
            others=tuple(step.inputs[1:] for step in runs.steps),
        )

    def unrolled(self, then: Given) -> tuple[Unrolled, Expression]:
        """Every run of a repeat as a call of its own, and the channels behind the last.

        `then` is what changes from the second run on.
        """
        if len({len(sequence.steps) for sequence in self.runs.sequences}) > 1:
            raise Unprintable("a repeat that differs from use to use, and in each run")
        calls: list[Call] = []
        changed = {name: f for name, f in then.items() if name in self.given}
        channels = self.channels
        for number in range(len(self.runs.sequences[0].steps)):
            now = self.runs.where(lambda step, number=number: step.number == number)
            said = {**self.given, **changed} if number else self.given
            own = replace(self, given=said, runs=now, channels=channels)
            calls.append(own.call())
            channels = calls[-1].output_channels
        return Unrolled(tuple(calls)), channels

    def primitive(self, kind: type[Op]) -> tuple[dict[str, Attribute], Expression]:
        """All attributes, and the channels behind the op."""
        known = {"channels": self.channels, "positions": self.positions()}
        attributes = self.attributes(kind, known)
        return attributes, self.reduced(parse(kind.output_channels), known)

    def attributes(
        self, kind: type[Op], known: dict[str, Expression]
    ) -> dict[str, Attribute]:
        """All attributes that are set, by name; `known` gets their expressions."""
        self.check_constants()
        found: dict[str, Attribute] = {}
        for name in kind.fields:
            if self.runs.steps[0].attributes[name] is not None:
                found[name] = self.attribute(kind, name, known)
                known[name] = found[name].expression
        return found

    def attribute(
        self, kind: type[Op], name: str, known: Mapping[str, Expression]
    ) -> Attribute:
        recorded = [step.attributes[name] for step in self.runs.steps]
        formula = self.given.get(name)
        if name == kind.like and formula is None:
            # What `like` came to; printed is the tensor whose size it is.
            recorded = recorded[:1] * len(recorded)
        if formula is not None and self.context.is_said(formula, self.runs):
            expression = self.express(formula)
            return self.context.attribute(expression, self.runs.scopes, recorded)
        if name in kind.fallbacks:
            fallback = substitute(parse(kind.fallbacks[name]), known)
            if values_of(fallback, self.runs.scopes) == recorded:
                return Attribute(fallback, tuple(recorded))
        return self.context.attribute(constant(recorded[0]), self.runs.scopes, recorded)

    def check_constants(self) -> None:
        """Raise Unprintable where runs differ in what a framework needs constant."""
        found = needs_of(self.given, self.runs.steps[0])
        for step in self.runs.steps[1:]:
            both = merged(found, needs_of(self.given, step))
            if both is None:
                raise differing(step.path)
            found = both

    def positions(self) -> Expression:
        """The number of positions, if it is always the same; 1 of a vector."""
        numbers = {prod(step.inputs[0][1:]) for step in self.runs.steps}
        return Constant(numbers.pop() if len(numbers) == 1 else 0)

    def block(self, routine: Routine) -> tuple[dict[str, Attribute], Expression]:
        """The arguments that have to be said, and the channels behind the block."""
        attributes: dict[str, Attribute] = {}
        known: dict[str, Expression] = {"in_channels": self.channels}
        for parameter in routine.parameters:
            attribute = self.argument(routine, parameter, known)
            known[parameter.name] = attribute.expression
            if not _is_default(attribute, parameter):
                attributes[parameter.name] = attribute
        return attributes, self.reduced(routine.output_channels, known)

    def argument(
        self, routine: Routine, parameter: Parameter, known: Mapping[str, Expression]
    ) -> Attribute:
        name = parameter.name
        recorded = [self.context.recorded(step, name) for step in self.runs.steps]
        if name in routine.widths:
            width = self.widths.get(routine.widths[name]) or self.channels
            expression = self.context.reduced(width, self.runs.scopes)
            return self.context.attribute(expression, self.runs.scopes, recorded)
        formula = self.given.get(name)
        declared = routine.block.arguments[name] if routine.block else None
        if formula is not None and self.context.is_said(formula, self.runs):
            expression = self.express(formula)
        elif isinstance(declared, Formula) and not all_same(recorded):
            default = inline(declared.expression, self.context.functions)
            expression = self.reduced(default, known)
        else:
            expression = constant(recorded[0])
        return self.context.attribute(expression, self.runs.scopes, recorded)

    def express(self, formula: Formula) -> Expression:
        return self.context.express(formula.expression, self.runs.scopes, self.channels)

    def reduced(
        self, expression: Expression, known: Mapping[str, Expression]
    ) -> Expression:
        replaced = substitute(expression, known)
        return self.context.reduced(replaced, self.runs.scopes)


def _is_default(attribute: Attribute, parameter: Parameter) -> bool:
    if parameter.default is None:
        return False
    return attribute.expression == constant(parameter.default)
