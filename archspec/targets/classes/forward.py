"""What `forward` does: modules and functions applied to tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import ClassVar

from archspec.expressions import Expression
from archspec.ops import JOINS
from archspec.targets.arguments import ValuePrinter
from archspec.targets.classes.asked import Asked
from archspec.targets.classes.modules import (
    Modules,
    is_function,
    modules_of,
    read_by_name,
    row_path,
)
from archspec.targets.code import Code, identifier, literal, term
from archspec.targets.flow import Flow, behind
from archspec.targets.lines import Line, assign, condition, returned
from archspec.targets.notes import tensor_size
from archspec.targets.program.calls import Loop, Unrolled
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Routine,
    Row,
    Statement,
    TableStatement,
)
from archspec.targets.syntax import Operands
from archspec.targets.unprintable import Unprintable

BLOCK = Code("block")
"""The variable for each of a list of modules."""

CHAIN = 3
"""How many modules in a row read well as one expression."""


class Forward:
    """The statements of one `forward`."""

    accumulates: ClassVar[bool] = True

    def __init__(self, routine: Routine, modules: Modules, asked: Asked):
        self.routine = routine
        self.modules = modules
        self.file = modules.file
        self.root = modules.root
        self.macro = modules.macro
        self.asked = asked
        self.inside = ValuePrinter(self.file, asked.names, "self.")
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
        if not others or is_function(self.file, statement.call):
            value = self.value(statement, source, others)
            return [assign(target, value, self.note(statement))]
        path = identifier(statement.name)
        note, listed = self.note(statement), isinstance(statement.call, Loop | Unrolled)
        if statement.when is None:
            return self.applied(path, listed, operands, target, note)
        copied = [] if source == Code(target) else [assign(target, source)]
        behind = operands.behind(Code(target))
        inner = self.applied(path, listed, behind, target, note)
        return [*copied, condition(self.test(statement.when, statement.name), inner)]

    def applied(
        self,
        path: Code,
        listed: bool,
        operands: Operands,
        target: str,
        note: Code | None,
    ) -> list[Line]:
        """A module applied to tensors, or each of a list of modules in turn."""
        if not listed:
            value = self.macro("apply", path, _listed(operands))
            return [assign(target, value, note)]
        source = operands.source
        copied = [] if source == Code(target) else [assign(target, source)]
        value = Code(f"{BLOCK}({_listed(operands.behind(Code(target)))})")
        body = (assign(target, value, note),)
        return [*copied, Line("for", Code(f"self.{path}"), BLOCK, body=body)]

    def inline(self, statement: OpStatement, source: Code) -> Code | None:
        """One expression, if it is always there: a choice is none among others."""
        is_module = not (statement.again or is_function(self.file, statement.call))
        there = statement.when is None or is_module
        return self.value(statement, source) if there and not statement.others else None

    def value(
        self, statement: OpStatement, source: Code, others: Sequence[Code] = ()
    ) -> Code:
        """The layer applied to a tensor; one that is not there passes it on."""
        if is_function(self.file, statement.call):
            value = self.function(statement, source, next(iter(others), None))
        else:
            module = identifier(statement.again or statement.name)
            value = self.macro("apply", module, source)
            if statement.again is None:
                return value
        if statement.when is None:
            return value
        test = self.test(statement.when, statement.name)
        return self.macro("choice", test, value, source)

    def function(self, statement: OpStatement, source: Code, like: Code | None) -> Code:
        """A primitive that needs no module, applied to a tensor."""
        (call,) = statement.call.calls
        (layer,) = call.layers
        return self.inside.layer(layer, source, like=like)

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
            return self.macro(layer.macro, operands, statement.last_axis)
        if is_function(self.file, statement.call):
            return self.inside.layer(layer, *operands)
        return self.macro("apply", identifier(statement.name), *operands)

    def join_list(self, statement: JoinStatement, operands: Code) -> Code:
        name = f"{statement.call.op}_list"
        return self.macro(name, operands, statement.last_axis)

    def thirds(self, source: Code) -> Code:
        return self.macro("thirds", source)

    def repeated(
        self, part: BranchPart, source: Code, target: str, branches: Code
    ) -> list[Line]:
        """`[conv(x) for conv in self.conv]`."""
        assert part.count is not None
        if not part.body:
            count = self.inside.code(part.count.expression)
            return [Line("extend", Code(f"[{source}] * {term(count)}"), branches)]
        names = [identifier(statement.name) for statement in part.body]
        # A layer `x` shall not hide the tensor that it is applied to.
        hides = source in names
        copies = [Code(f"{name}_") if hides else name for name in names]
        value = source
        _check_plain(part)
        for copy in copies:
            value = Code(f"{copy}({value})")
        return [Line("extend", self.macro("each", value, copies, names), branches)]

    def series(
        self, part: BranchPart, target: str, names: Sequence[str], branches: Code
    ) -> list[Line]:
        """`for conv in self.conv: x = conv(x)`, each `x` kept."""
        assert part.count is not None
        x, lines = Code(target), list[Line]()
        own = {id(statement) for statement in modules_of(self.file, part)}
        for statement, name in zip(_check_plain(part), names, strict=True):
            is_own = id(statement) in own
            value = Code(f"{name}({x})") if is_own else self.value(statement, x)
            lines.append(assign(target, value))
        lines.append(Line("append", x, branches))
        copies = [identifier(s.name) for s in part.body if id(s) in own]
        if not copies:
            runs, held = self.inside.code(part.count.expression), Code("_")
            return [Line("for", Code(f"range({runs})"), held, body=tuple(lines))]
        variables = [n for s, n in zip(part.body, names, strict=True) if id(s) in own]
        runs, held = self.macro("modules", copies), Code(", ".join(variables))
        return [Line("for", runs, held, body=tuple(lines))]

    def test(self, expression: Expression, name: str) -> Code:
        """What `forward` asks: a stored name, or a flag where it asks for more."""
        return self.asked.flag(name, expression) or self.inside.code(expression)

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


def _check_plain(part: BranchPart) -> list[OpStatement]:
    """The layers of a branch that runs several times.

    Raises Unprintable for others than modules that are always there.
    """
    if not all(map(_is_plain, part.body)):
        key = "series" if part.series else "repeat"
        message = f"'{key}' on the branch '{part.name}': make it a block"
        raise Unprintable(message)
    return [s for s in part.body if isinstance(s, OpStatement)]


def _is_plain(statement: Statement) -> bool:
    """Whether it is a module that always is there, and reads what is before it."""
    if not isinstance(statement, OpStatement) or statement.when is not None:
        return False
    return not (statement.source or statement.others or statement.again)


def _listed(operands: Operands) -> Code:
    return Code(", ".join(map(str, operands)))
