"""What `__init__` builds: the modules of a class, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeGuard

from archspec.expressions import Binary, Constant, Expression, Logic
from archspec.ops import OPS
from archspec.targets.arguments import CallPrinter, Style, ValuePrinter
from archspec.targets.code import Code, identifier
from archspec.targets.file import Built, File, calls_in, names_read
from archspec.targets.notes import RowLayout, map_size
from archspec.targets.specialise.model import (
    BranchPart,
    Call,
    JoinStatement,
    Loop,
    OpStatement,
    Printed,
    Routine,
    Row,
    StageCall,
    Statement,
    TableStatement,
    Unrolled,
)
from archspec.targets.sums import simplified
from archspec.targets.torch.ops import TorchOps
from archspec.targets.torch.views import InitGroup
from archspec.targets.unprintable import Unprintable, located

_FRESH = {name for name, op in OPS.items() if op.fresh_output}


class Builder:
    """Says how modules are built, in the names of one class or function."""

    def __init__(self, file: File, names: Mapping[str, str], root: bool = False):
        self.file = file
        self.root = root
        self.printer = ValuePrinter(file, names)
        self.calls = CallPrinter(file, self.printer)
        self.ops = TorchOps(file, self.printer, root)
        self.macro = file.templates.macro

    def is_primitive(self, call: Printed) -> TypeGuard[Call]:
        """Whether it is one primitive, and no class or function of the file."""
        return isinstance(call, Call) and call.op not in self.file.signatures

    def is_function(self, call: Printed) -> TypeGuard[Call]:
        """Whether it is written in `forward`, without a module."""
        return self.is_primitive(call) and self.ops.is_function(call)

    def module(self, call: Printed, style: Style = "call") -> Code:
        """The expression that builds what a layer or a row calls."""
        if isinstance(call, StageCall):
            arguments = self.calls.stage_arguments(call, style)
            name = self.file.signatures[call.stage.name].name
            return self.macro("build", name, arguments)
        if isinstance(call, Loop):
            return self.loop(call)
        if isinstance(call, Unrolled):
            return self.macro("sequential", [self.module(c) for c in call.calls])
        if call.op in self.file.signatures:
            name = self.file.signatures[call.op].name
            return self.macro("build", name, self.calls.block_arguments(call, style))
        before, module = self.ops.module(call)
        if before is not None:
            raise Unprintable(
                f"padding that differs from side to side in a row ({call.op})",
                call.paths[0],
            )
        return module

    def loop(self, loop: Loop) -> Code:
        """A repeated layer as one nn.Sequential."""
        first, rest = self.module(loop.first), self.module(loop.rest)
        count = self.printer.code(loop.count.expression)
        if count == 1:
            return self.macro("sequential", [first])
        if first == rest:
            return self.macro("loop", None, rest, count)
        if count == 2:
            return self.macro("sequential", [first, rest])
        fewer = simplified(Binary("-", loop.count.expression, Constant(1)))
        return self.macro("loop", first, rest, self.printer.code(fewer))

    def rows(self, table: TableStatement) -> Code:
        """An nn.Sequential with a line a row."""
        indent = 12 + 4 * (table.when is not None)
        note = map_size if self.root else None
        layout = RowLayout(self.file, table, self.module, indent, note)
        name = "named_rows" if table.named else "rows"
        return self.macro(name, layout.rows(), layout.header())


class Modules(Builder):
    """The modules of one class, in order, neighbours under one condition together.

    `padded` names the layers before which a module of its own pads.
    """

    def __init__(
        self,
        file: File,
        names: Mapping[str, str],
        owner: Code,
        routine: Routine,
        tapped: frozenset[str] = frozenset(),
    ):
        super().__init__(file, names, root=routine.block is None)
        self.owner = owner
        self.groups: list[InitGroup] = []
        self.padded: set[str] = set()
        read_again = tapped | frozenset(_read_by_name(routine.body))
        self._inplace = set(_straight_behind(routine.body, read_again))
        self._collect(routine.body, None)

    @property
    def names(self) -> Iterator[str]:
        """The attributes that hold modules."""
        for group in self.groups:
            yield from (str(name) for name, _ in group.modules)

    def pad(self, layer: str) -> Code:
        """The module that pads for a layer."""
        return identifier(f"{layer}{self.file.templates.manifest['pad']}")

    def _collect(self, body: Sequence[Statement], branch: BranchPart | None) -> None:
        for statement in body:
            with located(statement.place, f"layer {statement.name}"):
                self._collect_one(statement, branch)

    def _collect_one(self, statement: Statement, branch: BranchPart | None) -> None:
        if isinstance(statement, TableStatement):
            self._register_rows(statement, branch)
            self._add(statement.name, self.rows(statement), statement.when, branch)
        elif isinstance(statement, OpStatement):
            self._build_op(statement, statement.call, branch)
        elif isinstance(statement, JoinStatement):
            self._collect_branches(statement, branch)

    def _collect_branches(
        self, statement: JoinStatement, around: BranchPart | None
    ) -> None:
        for part in statement.branches:
            when = _all_of(around and around.when, statement.when, part.when)
            self._collect(part.body, replace(part, when=when))

    def _build_op(
        self, statement: OpStatement, call: Printed, branch: BranchPart | None
    ) -> None:
        if self.is_function(call) and (branch is None or branch.count is None):
            return
        self._register(identifier(statement.name), call, statement.when, branch)
        if self.is_primitive(call):
            before, module = self.ops.module(call, id(statement) in self._inplace)
            if before is not None:
                pad = str(self.pad(statement.name))
                self._add(pad, before, statement.when, branch)
                self.padded.add(statement.name)
        else:
            module = self.module(call)
        if branch is not None and branch.count is not None:
            count = self.printer.code(branch.count.expression)
            variable = Code("step" if "step" in names_read(call) else "_")
            module = self.macro("side_by_side", module, count, variable)
        self._add(statement.name, module, statement.when, branch)

    def _register_rows(self, table: TableStatement, branch: BranchPart | None) -> None:
        for row in table.rows:
            self._register(row_path(table, row), row.call, table.when, branch)

    def _register(
        self,
        path: Code,
        call: Printed,
        when: Expression | None,
        branch: BranchPart | None,
    ) -> None:
        """Where primitives are, for what starts otherwise than its kind."""
        if isinstance(call, StageCall):
            call = call.stage.loop
        calls = calls_in(call)
        there = branch is None or (branch.when is None and branch.count is None)
        single = there and when is None and isinstance(call, Call)
        missing = branch is not None and branch.when is not None
        if calls[0].op not in self.file.signatures and not missing:
            self.file.built.append(Built(self.owner, path, calls, single))

    def _add(
        self,
        name: str,
        module: Code,
        when: Expression | None,
        branch: BranchPart | None,
    ) -> None:
        """Neighbours under one condition share it; outside, they pass tensors on."""
        passes = when is not None or branch is None or branch.when is None
        when = _all_of(branch and branch.when, when)
        test = None if when is None else self.printer.code(when)
        entry = (identifier(name), module)
        if name in self.names:
            raise Unprintable(f"two modules named '{name}'")
        last = self.groups[-1] if self.groups else None
        if last is not None and last.when == test and last.placeholders is passes:
            self.groups[-1] = InitGroup(test, passes, [*last.modules, entry])
        else:
            self.groups.append(InitGroup(test, passes, [entry]))


def _all_of(*conditions: Expression | None) -> Expression | None:
    """The conditions joined by `and`; None where there are none."""
    present = tuple(test for test in conditions if test is not None)
    return Logic("and", present) if len(present) > 1 else next(iter(present), None)


def row_path(table: TableStatement, row: Row) -> Code:
    """A row as an attribute of the class: `stages.conv4`, `stages[2]`."""
    inner = f".{row.name}" if table.named else f"[{int(row.name)}]"
    return Code(f"{identifier(table.name)}{inner}")


def _read_by_name(body: Sequence[Statement]) -> Iterator[str]:
    """The layers that something reads by their names."""
    for statement in body:
        yield from (name for name in (statement.source,) if name)
        if isinstance(statement, OpStatement) and statement.like:
            yield statement.like
        for part in statement.branches if isinstance(statement, JoinStatement) else ():
            yield from (name for name in (part.source,) if name)
            yield from _read_by_name(part.body)


def _straight_behind(
    body: Sequence[Statement], read_again: frozenset[str]
) -> Iterator[int]:
    """The activations that may overwrite what a convolution or norm just made."""
    for before, statement in pairwise(body):
        match before, statement:
            case (
                OpStatement(call=Call(op=fresh), when=None),
                OpStatement(call=Call(op="activation"), source=None),
            ) if fresh in _FRESH and before.name not in read_again:
                yield id(statement)
            case _:
                pass
