"""What `forward` does: modules and functions applied to tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import ClassVar

from archspec.expressions import Expression
from archspec.ops import JOINS
from archspec.targets.classes.applied import BLOCK, Applied, often
from archspec.targets.classes.asked import Asked
from archspec.targets.classes.modules import (
    Modules,
    is_function,
    read_by_name,
    row_path,
)
from archspec.targets.code import Code, identifier, literal
from archspec.targets.flow import Flow, behind
from archspec.targets.lines import Line, assign, condition, returned
from archspec.targets.notes import tensor_size
from archspec.targets.program.calls import Loop, Unrolled
from archspec.targets.program.statements import (
    JoinStatement,
    OpStatement,
    Routine,
    Row,
    Statement,
    TableStatement,
)
from archspec.targets.syntax import Operands

CHAIN = 3
"""How many modules in a row read well as one expression."""


class Forward(Applied):
    """The statements of one `forward`."""

    accumulates: ClassVar[bool] = True

    def __init__(self, routine: Routine, modules: Modules, asked: Asked):
        super().__init__(modules, asked)
        self.routine = routine
        self.root = modules.root
        self.tensors = self._flow(()).tensors

    def lines(self, outputs: Mapping[str, str] | None = None) -> list[Line]:
        """The statements of `forward`; `outputs` has the layers that it returns."""
        flow = self._flow([*outputs.values()] if outputs else [])
        if outputs:
            lines, _ = flow.lines()
            named = [(literal(n), flow.variables[r]) for n, r in outputs.items()]
            return [*lines, Line("return", self.macro("outputs", named))]
        if self.routine.residual is None:
            return self._chained(flow.finished())
        lines, result = flow.lines()
        return [*lines, Line("return", self._added(self.routine.residual, result))]

    def parts(self, features: Sequence[str]) -> tuple[list[Line], list[Line]]:
        """The statements of `forward_features` and `forward`.

        `forward` goes on from the last feature, unless it reads others.
        """
        flow, body = self._flow(features), self.routine.body
        cut = behind(body, features)
        lines, result = flow.body(body[:cut], Code(flow.source), None)
        named = [(literal(name), flow.variables[name]) for name in features]
        ended = Line("return", self.macro("outputs", named))
        own = {statement.name for statement in body[cut:]}
        others = {*read_by_name(body[cut:])} - own
        last = flow.variables[features[-1]]
        if others or result != last:
            while lines[-1].kind == "assign" and lines[-1].target != last:
                lines.pop()  # rows behind the last feature
            return [*lines, ended], self.lines()
        first = [*lines, ended]
        given = Code(", ".join(map(str, flow.tensors)))
        start = self.macro("feature", given, literal(features[-1]))
        lines, result = flow.body(body[cut:], Code("x"), None)
        return first, returned([assign("x", start), *lines], result)

    def _flow(self, tapped: Sequence[str]) -> Flow:
        manifest = self.file.manifest
        taken = [*manifest["globals"], *manifest["locals"], *self.file.printed_names]
        taken.append(str(BLOCK))
        return Flow(self, self.routine, "x", taken, tapped)

    def _chained(self, lines: list[Line]) -> list[Line]:
        """A few modules one after the other as one expression."""
        names = [statement.name for statement in self.routine.body]
        plain = all(
            isinstance(s, OpStatement)
            and not (s.source or s.others or s.again)
            and not is_function(self.file, s.call)
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
        whole = self.macro("add", [Code("x"), result], False)
        if self.modules.printer.code(residual).is_true:
            return whole
        return self.macro("choice", self.test(residual, "residual"), whole, result)

    def run(
        self, statement: OpStatement, operands: Operands, target: str
    ) -> list[Line]:
        source, *others = operands
        note, times = self.note(statement), statement.times
        if is_function(self.file, statement.call) or not (others or times):
            return [assign(target, self.value(statement, source, others), note)]
        path = identifier(statement.again or statement.name)
        listed = bool(others) and isinstance(statement.call, Loop | Unrolled)
        copied: list[Line] = []
        if statement.when is not None or times is not None:
            copied = [] if source == Code(target) else [assign(target, source)]
            operands = operands.behind(Code(target))
        lines = self.applied(path, listed, operands, target, note)
        if times is not None:
            lines = [often(self.inside.code(times.expression), lines)]
        if statement.when is not None:
            lines = [condition(self.test(statement.when, statement.name), lines)]
        return [*copied, *lines]

    def inline(self, statement: OpStatement, source: Code) -> Code | None:
        """One expression, if it is always there: a choice is none among others."""
        is_module = not (statement.again or is_function(self.file, statement.call))
        there = statement.when is None or is_module
        plain = there and not (statement.others or statement.times)
        return self.value(statement, source) if plain else None

    def table(self, statement: TableStatement, source: Code, target: str) -> list[Line]:
        """At once, unless only calls of the rows can say in which order they are."""
        if statement.named and not self.file.manifest["words"]["named_stack"]:
            sources = [source] + [Code(target)] * (len(statement.rows) - 1)
            pairs = zip(statement.rows, sources, strict=True)
            read = ((row, Operands(source)) for row, source in pairs)
            rows = (self.row(statement, row, given, target) for row, given in read)
            return list(chain.from_iterable(rows))
        value = self.macro("apply", identifier(statement.name), source)
        return [assign(target, value, self.note(statement))]

    def row(
        self,
        statement: TableStatement,
        row: Row,
        operands: Operands,
        target: str,
    ) -> list[Line]:
        note = tensor_size(self.file, row.call) if self.root else None
        path = row_path(self.file, statement, row)
        listed = statement.one_by_one and isinstance(row.call, Loop | Unrolled)
        return self.applied(path, listed, operands, target, note)

    def join(self, statement: JoinStatement, operands: Sequence[Code]) -> Code:
        (layer,) = statement.call.layers
        if not JOINS[statement.call.op].roles:
            if len(operands) == 1:
                return operands[0]
            return self.macro(layer.macro, operands, statement.last_axis)
        if is_function(self.file, statement.call):
            return self.inside.layer(layer, *operands)
        return self.macro("apply", identifier(statement.name), *operands)

    def join_list(self, statement: JoinStatement, operands: Code) -> Code:
        name = f"{statement.call.op}_list"
        return self.macro(name, operands, statement.last_axis)

    def thirds(self, source: Code) -> Code:
        return self.macro("thirds", source)

    def note(self, statement: Statement) -> Code | None:
        if not self.root:
            return None
        if isinstance(statement, OpStatement):
            return tensor_size(self.file, statement.call)
        if isinstance(statement, TableStatement):
            return tensor_size(self.file, statement.rows[-1].call)
        if isinstance(statement, JoinStatement):
            return tensor_size(self.file, statement.call)
        return None
