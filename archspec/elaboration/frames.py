"""Where a layer stands while a document is walked, and what it asks for."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from types import MappingProxyType
from typing import NamedTuple

from archspec.expressions import UNKNOWN, Function, Name, Value
from archspec.language import Branch, Formula, Word
from archspec.network import Instance, Step
from archspec.ops import Shape

Names = dict[str, Value | Function]
Given = Mapping[str, Formula | None]


class Origin(NamedTuple):
    """What a user wrote, and as which attribute of a standard block (`op: 'name'`)."""

    formula: Formula
    attribute: str = ""


Written = Mapping[str, Origin]
"""The origin of a name: a value of a table, an argument of a standard block."""


def written_as(formula: Formula, written: Written) -> Origin:
    """The origin of a formula that is just a name, else the formula."""
    expression, own = formula.expression, Origin(formula)
    return written.get(expression.id, own) if isinstance(expression, Name) else own


class Tensor(NamedTuple):
    """What a layer put out; `source` is the layer's number in the network."""

    shape: Shape
    source: int

    @property
    def channels(self) -> int:
        """Its first axis; UNKNOWN of a LOST tensor."""
        return self.shape[0] if self.shape else UNKNOWN


LOST = Tensor((), -1)
"""What a layer puts out that has a fault, or that reads such a tensor."""


class Call(NamedTuple):
    """One run of a layer, or of a row of a table: what it asks for.

    `number` counts its repeats from 0. `like` is resize's, `branches` are a join's,
    `tensors` what a block is given for its tensor arguments.
    """

    name: str
    op: Word
    given: Given
    number: int = 0
    row: str | None = None
    like: Word | None = None
    branches: Mapping[str, Branch] = {}
    tensors: Mapping[str, Word] = {}


class Ran(NamedTuple):
    """A layer that ran, under this path: its calls, one for each of its repeats."""

    path: str
    calls: list[tuple[Call, Step]]


class Outcome(NamedTuple):
    """Inputs, attributes and output of a call."""

    inputs: tuple[Shape, ...]
    output: Tensor
    attributes: Mapping[str, Value] = {}
    said: frozenset[str] = frozenset()
    inner: Instance | None = None


class Frame(NamedTuple):
    """In which use of a block a layer stands, under which path and names.

    `known` are the tensors that `from` can name, `ran` what ran under the same names,
    `suffix` the numbers behind the name
    of each layer, `trail` the place in words for error messages; `caller` is where the
    outermost standard block around was called, whose own lines no user wrote.
    """

    instance: Instance
    scope: Names
    known: MutableMapping[str, Tensor]
    ran: MutableMapping[str, Ran]
    prefix: str = ""
    suffix: str = ""
    trail: str = ""
    depth: int = 0
    caller: Word | None = None
    written: Written = MappingProxyType({})

    def path(self, name: str) -> str:
        """The path of a layer in the network."""
        own = f"{name}{self.suffix}"
        return f"{self.prefix}.{own}" if self.prefix else own

    def sees(self, tensor: Tensor) -> Names:
        """The scope of a layer that reads `tensor`."""
        return {**self.scope, "channels": tensor.channels}

    def source(self, origin: Word | None, tensor: Tensor) -> Tensor:
        """The tensor that `from` names, else the one before."""
        return tensor if origin is None else self.known[origin]

    def written_for(self, call: Call) -> Written:
        """What a user wrote for the arguments of a block."""
        found: dict[str, Origin] = {}
        for name, formula in call.given.items():
            if formula is not None:
                origin = written_as(formula, self.written)
                attribute = origin.attribute or f"{call.op}: '{name}'"
                found[name] = origin._replace(attribute=attribute)
        return found

    def at_layer(self, name: str) -> Frame:
        """The same place, which error messages call by the layer's name."""
        trail = f"{self.trail}, layer {name}" if self.trail else f"layers.{name}"
        return self._replace(trail=trail)

    def at_repeat(self, step: int) -> Frame:
        """One of several runs of the layer, or of its branch."""
        return self._replace(
            scope={**self.scope, "step": step},
            suffix=f"{self.suffix}.{step}",
            trail=f"{self.trail} repeat {step}",
        )

    def at_row(self, row: str, cells: Mapping[str, Value], written: Written) -> Frame:
        """A row of the table."""
        return self._replace(
            written={**self.written, **written},
            scope={**self.scope, **cells},
            suffix=f"{self.suffix}.{row}",
            trail=f"{self.trail} row {row}",
        )

    def at_branch(self, name: str) -> Frame:
        """A branch of the join, whose layers only it can name."""
        return self._replace(
            known=ChainMap({}, self.known),
            ran=ChainMap({}, self.ran),
            trail=f"{self.trail} branch {name}",
            depth=self.depth + 1,
        )
