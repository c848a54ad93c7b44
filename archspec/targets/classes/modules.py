"""What `__init__` builds: the modules of a class, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, pairwise

from archspec.expressions import Binary, Constant
from archspec.ops import JOINS, OPS, Op
from archspec.ops.base import Idle
from archspec.targets.arguments import CallPrinter, Style, ValuePrinter
from archspec.targets.classes.views import InitGroup
from archspec.targets.code import Code, identifier
from archspec.targets.file import File
from archspec.targets.notes import RowLayout, map_size
from archspec.targets.program.calls import Call, Loop, Printed, StageCall, Unrolled
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Routine,
    Row,
    Statement,
    TableStatement,
)
from archspec.targets.sums import simplified
from archspec.targets.symbols import all_of
from archspec.targets.unprintable import located

_FRESH = {name for name, op in OPS.items() if op.fresh_output}


class Builder:
    """Says how modules are built, in the names of one class or function."""

    def __init__(self, file: File, names: Mapping[str, str], root: bool = False):
        self.file = file
        self.root = root
        self.printer = ValuePrinter(file, names)
        self.calls = CallPrinter(file, self.printer)
        self.macro = file.templates.macro

    def module(
        self, call: Printed, style: Style = "call", stacked: bool = True
    ) -> Code:
        """The expression that builds what a layer or a row calls.

        Runs that read several tensors are a list, and not `stacked`: TorchScript
        compiles the forward of every nn.Sequential, also where nothing calls it.
        """
        if isinstance(call, StageCall):
            arguments = self.calls.stage_arguments(call, style)
            name = self.file.signatures[call.stage.name].name
            return self.macro("build", name, arguments)
        if isinstance(call, Loop):
            return self.loop(call, stacked)
        if isinstance(call, Unrolled):
            modules = [self.module(c) for c in call.calls]
            return self.macro("sequential", modules, stacked)
        if call.layers:
            return self.primitive(call)
        name = self.file.signatures[call.op].name
        return self.macro("build", name, self.calls.block_arguments(call, style))

    def primitive(self, call: Call, inplace: bool = False) -> Code:
        """The expression that builds a primitive's module."""
        (layer,) = call.layers
        return self.printer.layer(layer, inplace=inplace)

    def loop(self, loop: Loop, stacked: bool) -> Code:
        """A repeated layer as one nn.Sequential, or as a list."""
        first, rest = self.module(loop.first), self.module(loop.rest)
        count = self.printer.code(loop.count.expression)
        if count == 1:
            return self.macro("sequential", [first], stacked)
        if first == rest:
            return self.macro("loop", None, rest, count, stacked)
        if count == 2:
            return self.macro("sequential", [first, rest], stacked)
        fewer = simplified(Binary("-", loop.count.expression, Constant(1)))
        return self.macro("loop", first, rest, self.printer.code(fewer), stacked)

    def rows(self, table: TableStatement) -> Code:
        """An nn.Sequential with a line a row."""
        indent = 12 + 4 * (table.when is not None)
        note = map_size if self.root else None
        stacked = not table.one_by_one
        module = partial(self.module, stacked=stacked)
        layout = RowLayout(self.file, table, module, indent, note)
        name = "named_rows" if table.named else "rows"
        return self.macro(name, layout.rows(), layout.header(), stacked)


class Modules(Builder):
    """The modules of one class, in order, neighbours under one condition together."""

    def __init__(
        self,
        file: File,
        names: Mapping[str, str],
        routine: Routine,
        tapped: frozenset[str] = frozenset(),
    ):
        super().__init__(file, names, root=routine.block is None)
        read_again = tapped | frozenset(read_by_name(routine.body))
        self._inplace = set(_straight_behind(routine.body, read_again))
        self.groups = list(self._groups(routine.body))

    @property
    def names(self) -> Iterator[str]:
        """The attributes that hold modules."""
        for group in self.groups:
            yield from (str(name) for name, _ in group.modules)

    def _groups(self, body: Sequence[Statement]) -> Iterator[InitGroup]:
        """The modules; outside of absent branches they pass tensors on."""
        groups: list[InitGroup] = []
        for statement, branch in statements_of(body, None):
            with located(statement.place, f"layer {statement.name}"):
                module = self._built(statement, branch)
            if module is None:
                continue
            passes = bool(statement.when) or branch is None or branch.when is None
            passes = passes and not reads_several(statement)
            when = all_of(branch and branch.when, statement.when)
            entry = (identifier(statement.name), module)
            last = groups[-1] if groups else None
            if last and last.when == when and last.placeholders is passes:
                groups[-1] = InitGroup(when, passes, [*last.modules, entry])
            else:
                groups.append(InitGroup(when, passes, [entry]))
        return iter(groups)

    def _built(self, statement: Statement, branch: BranchPart | None) -> Code | None:
        """A statement's module, or a list of them; None for what `forward` does."""
        if not is_built(self.file, statement, branch):
            return None
        if isinstance(statement, TableStatement):
            return self.rows(statement)
        if isinstance(statement, JoinStatement):
            return self.primitive(statement.call)
        if not isinstance(statement, OpStatement):
            return None
        call = statement.call
        copied = branch is not None and has_copies(self.file, branch, call)
        copies = branch.count if branch and copied else None
        if isinstance(call, Call) and call.layers:
            inplace = id(statement) in self._inplace and self._takes_inplace(call)
            module = self.primitive(call, inplace)
        else:
            module = self.module(call, stacked=not statement.others)
        if copies is None:
            return module
        count = self.printer.code(copies.expression)
        variable = Code("step" if self.file.reads_step(call) else "_")
        return self.macro("side_by_side", module, count, variable)

    def _takes_inplace(self, call: Call) -> bool:
        kinds = call.attributes["kind"].values
        return all(kind in self.file.manifest["inplace"] for kind in kinds)


def modules(file: File) -> dict[str, Code]:
    """The expression that builds each primitive's module, by the layer's path.

    Layers that `forward` writes as functions are not in it.
    """
    calls = [call for stage in file.program.stages for call in stage.loop.calls]
    routines = *file.program.blocks.values(), file.program.root
    for statement, branch in chain(*(statements_of(r.body, None) for r in routines)):
        calls += statement.calls if is_built(file, statement, branch) else ()
    builder = Builder(file, {})
    built = [(call.paths, builder.primitive(call)) for call in calls if call.layers]
    return {path: module for paths, module in built for path in paths}


def is_built(file: File, statement: Statement, branch: BranchPart | None) -> bool:
    """Whether a statement has modules, as not all is done by `forward`."""
    if isinstance(statement, TableStatement):
        return True
    if isinstance(statement, JoinStatement):
        return bool(JOINS[statement.call.op].roles) and not is_function(
            file, statement.call
        )
    if not isinstance(statement, OpStatement) or statement.again is not None:
        return False
    copied = branch is not None and has_copies(file, branch, statement.call)
    return copied or not is_function(file, statement.call)


def is_function(file: File, call: Printed) -> bool:
    """Whether a primitive is written in `forward`, without a module."""
    return (
        isinstance(call, Call)
        and bool(call.layers)
        and call.op in file.manifest["functions"]
        and not call.layers[0].arguments.get("module")
    )


def has_copies(file: File, branch: BranchPart, call: Printed) -> bool:
    """Whether each run of a branch has a module of its own for a layer.

    In a series, all runs have the same one if that has no weights.
    """
    if branch.count is None or not branch.series:
        return branch.count is not None
    return not _is_stateless(call) or file.reads_step(call)


def modules_of(file: File, branch: BranchPart) -> list[OpStatement]:
    """The layers of a branch that have a module for each run."""
    ops = [s for s in branch.body if isinstance(s, OpStatement) and s.again is None]
    return [statement for statement in ops if has_copies(file, branch, statement.call)]


def _is_stateless(call: Printed) -> bool:
    if not isinstance(call, Call) or not call.layers:
        return False
    op = OPS[call.op]
    return op.weights is Op.weights and not issubclass(op, Idle)


def reads_several(statement: Statement) -> bool:
    """Whether it is a block that reads several tensors, so none can pass through it."""
    return isinstance(statement, OpStatement) and bool(statement.others)


def statements_of(
    body: Sequence[Statement], branch: BranchPart | None
) -> Iterator[tuple[Statement, BranchPart | None]]:
    """The statements, those in branches each with its branch.

    The branch's condition is then all that its layers depend on.
    """
    for statement in body:
        yield statement, branch
        for part in statement.branches:
            when = all_of(branch and branch.when, statement.when, part.when)
            yield from statements_of(part.body, replace(part, when=when))


def row_path(file: File, table: TableStatement, row: Row) -> Code:
    """A row as an attribute of the class: `stages.conv4`, `stages[2]`."""
    items = "" if table.one_by_one else file.manifest["words"]["items"]
    inner = f".{row.name}" if table.named else f"{items}[{int(row.name)}]"
    return Code(f"{identifier(table.name)}{inner}")


def read_by_name(body: Sequence[Statement]) -> Iterator[str]:
    """The layers that something reads by their names."""
    for statement, _ in statements_of(body, None):
        found = [statement.source, *statement.others]
        found += [part.source for part in statement.branches]
        yield from (name for name in found if name)


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
