"""One class of PyTorch: what `__init__` builds and what `forward` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from archspec.expressions import Expression, Logic
from archspec.targets.arguments import CallPrinter, Style, ValuePrinter
from archspec.targets.code import Code, identifier, literal
from archspec.targets.file import File
from archspec.targets.flow import Flow
from archspec.targets.lines import Line, assign
from archspec.targets.notes import RowLayout, map_size, tensor_size
from archspec.targets.specialise.model import (
    BranchPart,
    Call,
    JoinStatement,
    Loop,
    OpStatement,
    Routine,
    Row,
    StageCall,
    Statement,
    TableStatement,
)
from archspec.targets.symbols import Unprintable
from archspec.targets.torch.ops import Stored, TorchOps
from archspec.targets.views import InitGroup

CHAIN = 3
_INPLACE_AFTER = ("conv", "depthwise_conv", "transposed_conv", "batch_norm")


class TorchRoutine:
    """Collects the modules of a routine, and says what happens to tensors."""

    def __init__(
        self,
        file: File,
        routine: Routine,
        names: dict[str, str],
        owner: Code,
        root: bool,
    ):
        self.file = file
        self.routine = routine
        self.root = root
        self.printer = ValuePrinter(file, names)
        self.inside = Stored(self.printer)
        self.calls = CallPrinter(file, self.printer)
        self.ops = TorchOps(file, self.printer, root)
        self.macro = file.templates.macro
        self.owner = owner
        self.groups: list[InitGroup] = []
        self.flags: dict[str, Code] = {}
        self._inplace = set(_straight_behind(routine.body))
        self._padded: set[str] = set()
        self._collect(routine.body, None)

    # __init__

    def _collect(self, body: Sequence[Statement], branch: BranchPart | None) -> None:
        for statement in body:
            if isinstance(statement, TableStatement):
                self._build(statement, self.rows(statement), branch)
            elif isinstance(statement, OpStatement):
                self._build_op(statement, statement.call, branch)
            else:
                self._collect_branches(statement, branch)

    def _collect_branches(
        self, statement: JoinStatement, around: BranchPart | None
    ) -> None:
        for part in statement.branches:
            when = _all_of(around and around.when, statement.when, part.when)
            self._collect(part.body, replace(part, when=when))

    def ops_function(self, call: Call) -> bool:
        return call.op not in self.file.signatures and self.ops.is_function(call)

    def _build_op(
        self, statement: OpStatement, call: Call | Loop, branch: BranchPart | None
    ) -> None:
        if isinstance(call, Call) and self.ops_function(call):
            return
        if isinstance(call, Call) and call.op not in self.file.signatures:
            self.file.built.append((self.owner, identifier(statement.name), call))
            before, module = self.ops.module(call, id(statement) in self._inplace)
            if before is not None:
                self._add(f"{statement.name}_pad", before, statement.when, branch)
                self._padded.add(statement.name)
        else:
            module = self.module(call)
        self._build(statement, module, branch)

    def _build(
        self, statement: Statement, module: Code, branch: BranchPart | None
    ) -> None:
        if branch is not None and branch.count is not None:
            count = self.printer.code(branch.count.expression)
            module = self.macro("side_by_side", module, count)
        self._add(statement.name, module, statement.when, branch)

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
        last = self.groups[-1] if self.groups else None
        if last is not None and last.when == test and last.placeholders is passes:
            self.groups[-1] = InitGroup(test, passes, [*last.modules, entry])
        else:
            self.groups.append(InitGroup(test, passes, [entry]))

    def module(self, call: Call | Loop | StageCall, style: Style = "call") -> Code:
        """The expression that builds what a layer or a row calls."""
        if isinstance(call, StageCall):
            arguments = self.calls.stage_arguments(call, style)
            name = self.file.signatures[call.stage.name].name
            return self.macro("build", name, arguments)
        if isinstance(call, Loop):
            return self.loop(call)
        if call.op in self.file.signatures:
            name = self.file.signatures[call.op].name
            return self.macro("build", name, self.calls.block_arguments(call, style))
        before, module = self.ops.module(call)
        if before is not None:
            raise Unprintable(
                f"padding that differs from side to side in a row ({call.op})"
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
        fewer = (
            literal(count.value - 1)
            if isinstance(count.value, int)
            else Code(f"{count} - 1")
        )
        return self.macro("loop", first, rest, fewer)

    def rows(self, table: TableStatement) -> Code:
        """An nn.Sequential with a line a row."""
        indent = 12 + 4 * (table.when is not None)
        note = map_size if self.root else None
        layout = RowLayout(self.file, table, self.module, indent, note)
        name = "named_rows" if table.named else "rows"
        return self.macro(name, layout.rows(), layout.header())

    # forward

    def lines(self, outputs: Mapping[str, str] | None = None) -> list[Line]:
        """The statements of `forward`; `outputs` has the layers that it returns."""
        tapped = list(outputs.values()) if outputs else []
        flow = Flow(
            self, self.routine, "x", ("F", "torch", "nn", "math", "self"), tapped
        )
        if outputs:
            lines, _ = flow.lines()
            named = [(literal(n), flow.variables[r]) for n, r in outputs.items()]
            return [*lines, Line("return", self.macro("outputs", named))]
        if self.routine.residual is None:
            return self._chained(flow.finished())
        lines, result = flow.lines()
        return [*lines, Line("return", self._added(self.routine.residual, result))]

    def _chained(self, lines: list[Line]) -> list[Line]:
        """A few modules one after the other as one expression."""
        names = [statement.name for statement in self.routine.body]
        plain = all(
            isinstance(s, OpStatement)
            and not s.source
            and s.name not in self._padded
            and not (isinstance(s.call, Call) and self.ops_function(s.call))
            for s in self.routine.body
        )
        if (
            self.root
            or not plain
            or not 1 < len(names) <= CHAIN
            or len(lines) != len(names)
        ):
            return lines
        value = Code("x")
        for name in names:
            value = self.macro("apply", identifier(name), value)
        return [Line("return", value)]

    def _added(self, residual: Expression, result: Code) -> Code:
        whole = self.macro("add", [Code("x"), result])
        test = self.printer.code(residual)
        if test == True:  # noqa: E712 - Code compares itself with constants
            return whole
        self.flags["has_residual"] = test
        return self.macro("choice", Code("self.has_residual"), whole, result)

    def run(
        self, statement: OpStatement, source: Code, target: str, like: Code | None
    ) -> list[Line]:
        return [
            assign(target, self.value(statement, source, like), self.note(statement))
        ]

    def inline(self, statement: OpStatement, source: Code) -> Code | None:
        like = getattr(statement.call, "like", None)
        return None if like else self.value(statement, source, None)

    def value(self, statement: OpStatement, source: Code, like: Code | None) -> Code:
        """The layer applied to a tensor; one that is not there passes it on."""
        call = statement.call
        if isinstance(call, Call) and self.ops_function(call):
            value = self.ops.function(call, source, like)
            if statement.when is None:
                return value
            return self.macro(
                "choice", self.test(statement.when, statement.name), value, source
            )
        if statement.name in self._padded:
            source = self.macro("apply", identifier(f"{statement.name}_pad"), source)
        return self.macro("apply", identifier(statement.name), source)

    def table(self, statement: TableStatement, source: Code, target: str) -> list[Line]:
        value = self.macro("apply", identifier(statement.name), source)
        return [assign(target, value, self.note(statement))]

    def row(
        self, statement: TableStatement, row: Row, source: Code, target: str
    ) -> list[Line]:
        inner = f".{row.name}" if statement.named else f"[{int(row.name)}]"
        value = self.macro(
            "apply", Code(f"{identifier(statement.name)}{inner}"), source
        )
        note = tensor_size(self.file, row.call) if self.root else None
        return [assign(target, value, note)]

    def join(self, op: str, name: str, operands: Sequence[Code]) -> Code:
        return self.macro(op, operands)

    def join_list(self, op: str, name: str, operands: Code) -> Code:
        return self.macro(f"{op}_list", operands)

    def repeated(self, part: BranchPart, source: Code, branches: Code) -> list[Line]:
        """`[conv(x) for conv in self.conv]`."""
        names = [statement.name for statement in part.body]
        value = source
        for statement in part.body:
            simple = isinstance(statement, OpStatement) and statement.when is None
            if not simple or statement.source or statement.name in self._padded:
                raise Unprintable(
                    f"'repeat' on the branch '{part.name}': make it a block"
                )
            value = Code(f"{identifier(statement.name)}({value})")
        listed = self.macro("each", value, [identifier(name) for name in names])
        return [Line("extend", listed, branches)]

    def test(self, expression: Expression, name: str) -> Code:
        """What `forward` asks: a stored name, or a flag where it asks for more."""
        if not isinstance(expression, Logic):
            return self.inside.code(expression)
        self.flags[f"has_{name}"] = self.printer.code(expression)
        return Code(f"self.has_{identifier(name)}")

    def note(self, statement: Statement) -> Code | None:
        if not self.root:
            return None
        if isinstance(statement, OpStatement):
            return tensor_size(self.file, statement.call)
        if isinstance(statement, TableStatement):
            return tensor_size(self.file, statement.rows[-1].call)
        return tensor_size(self.file, statement)


def _all_of(*conditions: Expression | None) -> Expression | None:
    """The conditions joined by `and`; None where there are none."""
    present = tuple(test for test in conditions if test is not None)
    return Logic("and", present) if len(present) > 1 else next(iter(present), None)


def _straight_behind(body: Sequence[Statement]) -> list[int]:
    """The activations that may overwrite what a convolution or norm just made."""
    found: list[int] = []
    for before, statement in pairwise(body):
        if not isinstance(statement, OpStatement) or not isinstance(
            before, OpStatement
        ):
            continue
        calls = (before.call, statement.call)
        if not all(isinstance(call, Call) for call in calls) or statement.source:
            continue
        fresh = before.when is None and getattr(before.call, "op", "") in _INPLACE_AFTER
        if fresh and getattr(statement.call, "op", "") == "activation":
            found.append(id(statement))
    return found
