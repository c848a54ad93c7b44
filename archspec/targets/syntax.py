"""The syntax of a style of files, statement by statement; `Flow` orders them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from archspec.expressions import Expression
from archspec.targets.code import Code
from archspec.targets.lines import Line
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Row,
    Statement,
    TableStatement,
)


@dataclass(frozen=True, slots=True)
class Operands:
    """The variables that a layer reads: its source, and others (None: the source)."""

    source: Code
    others: Sequence[Code | None] = ()

    def __iter__(self) -> Iterator[Code]:
        """The variables in order."""
        yield self.source
        yield from (self.source if other is None else other for other in self.others)

    def behind(self, source: Code) -> Operands:
        """The same for the next of several runs, which reads the one before."""
        return Operands(source, self.others)


@dataclass(frozen=True, slots=True)
class BranchRuns:
    """A branch that runs several times, each result added to the list `branches`.

    The first of its layers reads the `source`. `target` is a variable for its value in
    each run, which its layers `read`; in a series, they begin and end with it. `names`
    are free ones for what each layer is in a run.
    """

    part: BranchPart
    source: Code
    target: str
    read: Sequence[Operands]
    branches: Code
    names: Sequence[str] = ()


class Syntax(Protocol):
    """How a target writes each kind of statement.

    `accumulates`: a sum can be added up, as a join is no layer with a name.
    """

    accumulates: ClassVar[bool]

    def run(
        self, statement: OpStatement, operands: Operands, target: str
    ) -> list[Line]:
        """The layer applied to what it reads, its result in `target`."""
        ...

    def inline(self, statement: OpStatement, source: Code) -> Code | None:
        """The same as one expression, if there is one."""
        ...

    def table(self, statement: TableStatement, source: Code, target: str) -> list[Line]:
        """All rows of a table, one after the other."""
        ...

    def row(
        self, statement: TableStatement, row: Row, operands: Operands, target: str
    ) -> list[Line]:
        """One row, where something refers to rows, or a row reads several tensors."""
        ...

    def join(self, statement: JoinStatement, operands: Sequence[Code]) -> Code:
        """The tensors of the branches joined."""
        ...

    def join_list(self, statement: JoinStatement, operands: Code) -> Code:
        """The same of a list of tensors."""
        ...

    def thirds(self, source: Code) -> Code:
        """Three tensors, each with a third of the channels."""
        ...

    def repeated(self, runs: BranchRuns) -> list[Line]:
        """A branch that stands side by side several times."""
        ...

    def series(self, runs: BranchRuns) -> list[Line]:
        """A branch whose runs read each other."""
        ...

    def test(self, expression: Expression, name: str) -> Code:
        """A condition, where tensors flow, of the layer or branch of this name."""
        ...

    def note(self, statement: Statement) -> Code | None:
        """The comment behind a statement: the size of its result, or none."""
        ...
