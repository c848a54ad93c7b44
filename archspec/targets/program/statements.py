"""Layers as they are printed, and the routines whose statements they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from archspec.errors import Place
from archspec.expressions import Expression, Function
from archspec.language import Block
from archspec.ops import Shape
from archspec.ops.shapes import is_sequence
from archspec.targets.program.calls import (
    Attribute,
    Call,
    Loop,
    Parameter,
    Printed,
    Stage,
    Unrolled,
)


@dataclass(frozen=True, slots=True)
class OpStatement:
    """A layer with one op, perhaps repeated, perhaps not there.

    `others` are what it reads besides its source, which None stands for: the tensor
    arguments of a block in their order, or the `like` of a resize.
    `again` is the name of the layer that it runs once more, or `times`; `runs_again`
    says that another layer runs this one.
    """

    name: str
    place: Place
    call: Call | Loop | Unrolled
    when: Expression | None
    source: str | None
    others: tuple[str | None, ...] = ()
    again: str | None = None
    times: Attribute | None = None
    runs_again: bool = False
    branches: ClassVar[tuple[BranchPart, ...]] = ()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that it makes."""
        return self.call.calls


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
    branches: ClassVar[tuple[BranchPart, ...]] = ()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that the rows make themselves; a stage makes its own."""
        return tuple(call for row in self.rows for call in row.call.calls)

    @property
    def others(self) -> tuple[str | None, ...]:
        """What the rows read besides the row before."""
        return tuple(name for row in self.rows for name in row.others)

    @property
    def one_by_one(self) -> bool:
        """Whether some row reads several tensors, and so none is part of a stack."""
        return bool(self.others)


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
    others: ClassVar[tuple[str | None, ...]] = ()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The call that joins; the branches make their own."""
        return (self.call,)

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
    when: ClassVar[Expression | None] = None
    others: ClassVar[tuple[str | None, ...]] = ()
    branches: ClassVar[tuple[BranchPart, ...]] = ()
    calls: ClassVar[tuple[Call, ...]] = ()


Statement = OpStatement | TableStatement | JoinStatement | PassStatement
Body = tuple[Statement, ...]


def every(body: Sequence[Statement]) -> Iterator[Statement]:
    """The statements and those in their branches, which come first."""
    for statement in body:
        for part in statement.branches:
            yield from every(part.body)
        yield statement


def calls_of(body: Sequence[Statement]) -> Iterator[Call]:
    """The calls that a body makes itself; a stage makes its own."""
    return (call for statement in every(body) for call in statement.calls)


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

    @property
    def primitives(self) -> list[Call]:
        """Every primitive that is printed."""
        routines = *self.blocks.values(), self.root
        calls = [call for routine in routines for call in calls_of(routine.body)]
        calls += [call for stage in self.stages for call in stage.loop.calls]
        return [call for call in calls if call.op not in self.blocks]
