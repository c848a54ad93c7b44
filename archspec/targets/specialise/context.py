"""A routine being specialised, and the runs that its expressions have to fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from archspec.expressions import Call as FunctionCall
from archspec.expressions import (
    Constant,
    Expression,
    Function,
    Name,
    Scope,
    Value,
    to_text,
)
from archspec.language import Formula, Table
from archspec.network import Step
from archspec.targets.program.calls import Attribute
from archspec.targets.program.statements import Routine
from archspec.targets.reduction import (
    Witnesses,
    is_whole,
    reduce,
    rounds,
    values_if_any,
    values_of,
)
from archspec.targets.specialise.uses import Uses
from archspec.targets.sums import simplified, size
from archspec.targets.symbols import (
    constant,
    constant_value,
    inline,
    names_in,
    substitute,
)
from archspec.targets.unprintable import Unprintable

Given = Mapping[str, Formula | None]
Lets = Sequence[tuple[str, Attribute]]


@dataclass(frozen=True)
class Runs:
    """Some runs of one layer: what each saw, and what it did."""

    scopes: Sequence[Scope]
    steps: Sequence[Step]

    def where(self, keep: Callable[[Step], bool]) -> Runs:
        """Those whose step passes."""
        pairs = zip(self.scopes, self.steps, strict=True)
        kept = [(scope, step) for scope, step in pairs if keep(step)]
        return Runs([scope for scope, _ in kept], [step for _, step in kept])

    @property
    def op(self) -> str:
        """Their op; raises Unprintable if they have several."""
        ops = {step.op for step in self.steps}
        if len(ops) > 1:
            raise differing(self.steps[-1].path)
        return ops.pop()

    def of(self, op: str) -> Runs:
        """Those of one op."""
        return self.where(lambda step: step.op == op)

    @property
    def firsts(self) -> Runs:
        """The first run of each repeat."""
        return self.where(lambda step: step.number == 0)

    @property
    def others(self) -> Runs:
        """All runs but the first of each repeat."""
        return self.where(lambda step: step.number > 0)

    @property
    def sequences(self) -> list[Runs]:
        """The runs of each repeat together."""
        starts = [i for i, step in enumerate(self.steps) if step.number == 0]
        ends = [*starts[1:], len(self.steps)]
        return [
            Runs(self.scopes[a:b], self.steps[a:b])
            for a, b in zip(starts, ends, strict=True)
        ]


@dataclass(frozen=True)
class Context:
    """A routine being specialised: what its expressions may name, and what they see.

    `aliases` replace names that are not printed: `residual`, table columns. `lets` are
    those that the block defines. `functions` are written out, unless they are among the
    `variables`. `unrounded` gets what is printed without its rounding.
    """

    uses: Uses
    routines: Mapping[str, Routine]
    functions: Mapping[str, Function]
    variables: frozenset[str]
    aliases: Mapping[str, Expression]
    lets: Lets = ()
    unrounded: set[Expression] = field(default_factory=set[Expression])

    def express(
        self,
        expression: Expression,
        witnesses: Witnesses,
        channels: Expression | None = None,
    ) -> Expression:
        """The expression in the routine's own names."""
        inlined = {n: f for n, f in self.functions.items() if n not in self.variables}
        replaced = inline(substitute(expression, self.aliases), inlined)
        if channels is not None:
            replaced = substitute(replaced, {"channels": channels})
        found = self.reduced(replaced, witnesses)
        removed = rounds(replaced, witnesses) > rounds(found, witnesses)
        if removed and names_in(replaced) & self.variables:
            self.unrounded.add(replaced)
        return found

    def reduced(self, expression: Expression, witnesses: Witnesses) -> Expression:
        """The shortest equivalent, be it without names that the block defines."""
        reduced = reduce(expression, witnesses, self.variables)
        if not self.lets:
            return reduced
        written = simplified(written_out(reduced, self.lets))
        fewer = size(written).operands < size(reduced).operands
        return written if fewer and is_whole(reduced, witnesses) else reduced

    def having(self, name: str) -> Context:
        """The same, where this name is a variable of the printed code too."""
        return replace(self, variables=self.variables | {name})

    def without(self, name: str) -> Context:
        """The same, where this name is no variable."""
        return replace(self, variables=self.variables - {name})

    def calling(self, aliases: Mapping[str, Expression]) -> Context:
        """The same, where these names too stand for expressions."""
        return replace(self, aliases={**self.aliases, **aliases})

    def given(self, table: Table, op: str) -> Given:
        """What a table gives to an op, be it one of several groups of a block."""
        return table.each[self.uses.written.get(op, op)]

    def recorded(self, step: Step, name: str) -> Value:
        """What an attribute or argument came to in one run."""
        if step.inner is None:
            return step.attributes[name]
        value = step.inner.scope[name]
        assert not isinstance(value, Function)
        return value

    def attribute(
        self, expression: Expression, witnesses: Witnesses, recorded: Sequence[Value]
    ) -> Attribute:
        """A reduced expression, held to the values that elaboration recorded."""
        value = constant_value(expression)
        if value is not None and all_same(recorded):
            # In the form in which it was recorded: 48 for 48.0, four zeros for `valid`.
            known = isinstance(recorded[0], float) and value == recorded[0]
            found = expression if known else constant(recorded[0])
            return Attribute(found, tuple(recorded))
        values = values_of(expression, witnesses)
        if values != list(recorded):
            text = to_text(expression)
            raise Unprintable(f"'{text}', which is not what the network has everywhere")
        pairs = zip(values, recorded, strict=True)
        if any(isinstance(a, float) and isinstance(b, int) for a, b in pairs):
            whole = FunctionCall("int", (expression,))
            expression = reduce(whole, witnesses, self.variables)
        return Attribute(expression, tuple(recorded))

    def is_said(self, formula: Formula | None, runs: Runs) -> bool:
        """Whether an attribute is given, and by more than the name of what is not."""
        if formula is None:
            return False
        name = formula.expression
        return not isinstance(name, Name) or all(
            scope.get(name.id, 0) is not None for scope in runs.scopes
        )


def differing(path: str) -> Unprintable:
    """The error for copies of a branch that one text cannot serve."""
    message = "copies that differ in what a framework needs as a constant"
    return Unprintable(message, path, "write each as a separate branch")


def all_same(values: Sequence[object]) -> bool:
    """Whether all are equal and of one type."""
    first = values[0]
    return all(value == first and type(value) is type(first) for value in values)


def choose(
    candidates: Sequence[Expression], witnesses: Witnesses, widths: Sequence[int]
) -> Expression:
    """The first candidate that is right at every witness."""
    for candidate in candidates:
        if values_if_any(candidate, witnesses) == list(widths):
            return candidate
    if len(set(widths)) == 1:
        return Constant(widths[0])
    found = " and ".join(map(str, sorted(set(widths))[:4]))
    message = f"channels that differ from use to use by no expression: {found}"
    raise Unprintable(message, help="define a block for each of these uses")


def written_out(expression: Expression, lets: Lets) -> Expression:
    """The expression without the names that only the block itself has."""
    for name, attribute in reversed(lets):
        expression = substitute(expression, {name: attribute.expression})
    return expression
