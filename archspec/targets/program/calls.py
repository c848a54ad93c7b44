"""Ops with their arguments, called once or several times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeGuard, get_args

from archspec.expressions import Expression, Value
from archspec.ops import Shape
from archspec.ops.shapes import kind, rank
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
    `others` are the shapes that each of its tensor arguments has; of a join, those of
    its branches but the first, in each use.
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
    others: tuple[tuple[Shape, ...], ...] = ()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The call itself, as others that can be printed have several."""
        return (self,)

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

    @property
    def calls(self) -> tuple[Call, ...]:
        """The first and the others."""
        return self.first, self.rest

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The shapes that it reads."""
        return self.first.inputs

    @property
    def outputs(self) -> tuple[Shape, ...]:
        """The shapes behind the last run."""
        return self.rest.outputs

    def names_read(self) -> set[str]:
        """The names that the attributes of its calls read."""
        return self.first.names_given() | self.rest.names_given()


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A call repeated in a way that only a list of all of them can say."""

    calls: tuple[Call, ...]

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The shapes that it reads."""
        return self.calls[0].inputs

    @property
    def outputs(self) -> tuple[Shape, ...]:
        """The shapes behind the last run."""
        return self.calls[-1].outputs


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
    calls: ClassVar[tuple[Call, ...]] = ()
    """The stage makes them."""

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The shapes that the stage reads, in all of its rows."""
        return self.stage.loop.inputs


Printed = Call | Loop | Unrolled | StageCall
"""Whatever a layer or a row can become."""
