"""A network as the program that will be printed: blocks, their calls, and tables.

Everything here is still free of any framework: expressions over the names that the
printed code will have, and the values that they take in this network.

    Program     all that one file prints: routines, stages, the network's own routine
    Routine     a block, or the network: parameters, definitions, statements
    Statement   a layer as it is printed: an op, a join, a table, or nothing but a name
    Call        an op with its attributes; Loop, Unrolled and StageCall repeat it
    Stage       a function that stacks one op, which the rows of a table call
    Attribute   an expression, and the value it has in every use

A framework's dialect then gives every primitive its FrameworkLayers.

It is made from the records of `archspec.network`: an Instance is one use of a block, a
Step one run of a layer in it; Runs (`context`) are some runs of one layer together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeGuard, get_args

from archspec.errors import Place
from archspec.expressions import Expression, Function, Value
from archspec.language import Block
from archspec.ops import Shape
from archspec.ops.shapes import is_sequence, kind, rank
from archspec.targets.code import Code
from archspec.targets.symbols import names_in
from archspec.targets.unprintable import Unprintable


def is_expression(argument: object) -> TypeGuard[Expression]:
    """Whether an argument has to be printed in a routine's names."""
    return isinstance(argument, get_args(Expression))


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an op is given: how to print it, and every value that it takes."""

    expression: Expression
    values: tuple[Value, ...]

    @property
    def varies(self) -> bool:
        """Whether it takes several values."""
        return any(value != self.values[0] for value in self.values)

    @property
    def constant(self) -> Value:
        """The one value; raises Unprintable if it takes several."""
        if self.varies:
            found = " and ".join(sorted({str(value) for value in self.values})[:4])
            raise Unprintable(f"a setting that differs from use to use: {found}")
        return self.values[0]

    def is_only(self, value: Value) -> bool:
        """Whether it takes this value and no other."""
        return all(taken == value for taken in self.values)


Argument = Expression | Code | bool | int | None
"""What a macro is given: an expression in a routine's names, or what is settled."""


@dataclass(frozen=True, slots=True)
class FrameworkLayer:
    """One layer of a framework: the macro that prints it, and what the macro prints.

    `suffix` stands behind the name of the spec's layer where a primitive becomes
    several, `when` is the condition under which it is needed.
    """

    macro: str
    arguments: Mapping[str, Argument]
    suffix: str = ""
    when: Expression | None = None

    def names_read(self) -> set[str]:
        """The routine's names that its text reads."""
        given = (self.when, *self.arguments.values())
        read = [names_in(a) for a in given if is_expression(a)]
        return set[str]().union(*read)


@dataclass(frozen=True, slots=True)
class Call:
    """A primitive or a block with what is printed of its attributes.

    Of a block's arguments only those are here that the call has to say. `layers` is
    what a framework's dialect makes of a primitive; `channels_last` says that it reads
    or gives a feature map whose channels are last, though the framework has them first.
    """

    op: str
    attributes: dict[str, Attribute]
    channels: Attribute
    output_channels: Expression
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    paths: tuple[str, ...]
    layers: tuple[FrameworkLayer, ...] = ()
    channels_last: bool = False

    @property
    def rank(self) -> int:
        """Axes of positions; raises Unprintable if it gets several kinds of tensors."""
        kinds = {kind(shape): rank(shape) for shape in self.inputs}
        if len(kinds) > 1:
            both = " and ".join(f"a {name}" for name in sorted(kinds)[:2])
            raise Unprintable(f"applied to both {both}", self.paths[0])
        return next(iter(kinds.values()))

    def names_given(self) -> set[str]:
        """The names that its attributes read."""
        given = self.attributes.values()
        return set[str]().union(*(names_in(a.expression) for a in given))

    @property
    def initializer(self) -> tuple[Any, ...]:
        """How its weights start; raises Unprintable if that differs between uses."""
        initializer = self.attributes["initializer"]
        if initializer.varies:
            message = "an initializer that differs from use to use of a block"
            raise Unprintable(message, self.paths[0])
        rule = initializer.constant
        assert isinstance(rule, tuple)
        return rule


@dataclass(frozen=True, slots=True)
class Loop:
    """A call repeated: the first, then the others, `count` in all.

    With `running` the others see a number of channels that changes each time.
    """

    first: Call
    rest: Call
    count: Attribute
    running: bool

    def names_read(self) -> set[str]:
        """The names that its calls read, in whatever they say."""
        return self.first.names_given() | self.rest.names_given()


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A call repeated in a way that only a list of all of them can say."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a printed block; `default` is None where every call gives it.

    `declared_required` says whether the spec's block has no default for it either.
    """

    name: str
    values: tuple[Value, ...]
    default: Value = None
    declared_required: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A function that stacks one op; `parameters` are those that rows give.

    `columns` are those of them that stand for a cell or the row's number, not for what
    a row says for an argument.
    """

    name: str
    parameters: tuple[Parameter, ...]
    loop: Loop
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StageCall:
    """A row of a table that a stage function builds."""

    stage: Stage
    arguments: dict[str, Attribute]
    channels: Attribute
    count: Attribute
    outputs: tuple[Shape, ...]


Printed = Call | Loop | Unrolled | StageCall
"""Whatever a layer or a row can become."""


@dataclass(frozen=True, slots=True)
class OpStatement:
    """A layer with one op, perhaps repeated, perhaps not there.

    `others` are what it reads besides its source, which None stands for: the tensor
    arguments of a block in their order, or the `like` of a resize.
    `again` is the name of the layer that it runs once more; `runs_again` says that
    another layer runs this one.
    """

    name: str
    place: Place
    call: Call | Loop | Unrolled
    when: Expression | None
    source: str | None
    others: tuple[str | None, ...] = ()
    again: str | None = None
    runs_again: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; `others` are as an OpStatement has them."""

    name: str
    call: Printed
    others: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class TableStatement:
    """Rows one after the other."""

    name: str
    place: Place
    rows: tuple[Row, ...]
    named: bool
    when: Expression | None
    source: str | None

    @property
    def one_by_one(self) -> bool:
        """Whether some row reads several tensors, and so none is part of a stack."""
        return any(row.others for row in self.rows)


@dataclass(frozen=True, slots=True)
class BranchPart:
    """One side of a join; `count` says how often it runs.

    In a `series` each run reads the one before it, else all stand side by side.
    """

    name: str
    body: tuple[Statement, ...]
    when: Expression | None
    source: str | None
    count: Attribute | None
    series: bool = False


@dataclass(frozen=True, slots=True)
class JoinStatement:
    """Branches, then what joins them; without any, `call` reads one tensor."""

    name: str
    place: Place
    call: Call
    branches: tuple[BranchPart, ...]
    when: Expression | None
    source: str | None

    @property
    def last_axis(self) -> bool:
        """Whether the channels are the last axis, those of a sequence always."""
        outputs = self.call.outputs
        return self.call.channels_last or any(map(is_sequence, outputs))


@dataclass(frozen=True, slots=True)
class PassStatement:
    """A layer that never is there: what comes out of it is what it would have read."""

    name: str
    place: Place
    source: str | None
    rows: tuple[str, ...] = ()
    when: None = None


Statement = OpStatement | TableStatement | JoinStatement | PassStatement


def others_of(statement: Statement) -> tuple[str | None, ...]:
    """What an op or the rows of a table read besides the source."""
    if isinstance(statement, OpStatement):
        return statement.others
    rows = statement.rows if isinstance(statement, TableStatement) else ()
    return tuple(chain.from_iterable(row.others for row in rows))


@dataclass(frozen=True, slots=True)
class Routine:
    """A block, or the whole network, as it is printed.

    `functions` are defined in it: those of `define` that read a kept multiplier.
    `inputs` are the names of a network's inputs, if they have names.
    """

    block: Block | None
    parameters: tuple[Parameter, ...]
    lets: tuple[tuple[str, Attribute], ...]
    body: tuple[Statement, ...]
    residual: Expression | None
    output_channels: Expression
    functions: tuple[Function, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def tensors(self) -> list[str]:
        """Its tensor arguments, or a network's inputs behind the first."""
        return self.block.tensors if self.block else [*self.inputs[1:]]

    @property
    def widths(self) -> dict[str, str]:
        """The parameters that are the channels of tensor arguments, with these."""
        return {f"{name}_channels": name for name in self.tensors}

    @property
    def names(self) -> list[str]:
        """Of its parameters and of what it defines."""
        defined = [*(name for name, _ in self.lets), *(f.name for f in self.functions)]
        return [*(parameter.name for parameter in self.parameters), *defined]


@dataclass(frozen=True, slots=True)
class Program:
    """All routines, callees first, and the network itself.

    `images` are the shapes of its inputs; `variants` has that of each, in a family.
    `simplified`: formulas are without a rounding that changes no width of the network.
    """

    blocks: dict[str, Routine]
    stages: tuple[Stage, ...]
    root: Routine
    images: tuple[tuple[Expression, ...], ...]
    variants: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    simplified: bool = False
