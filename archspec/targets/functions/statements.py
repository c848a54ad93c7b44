"""The statements of one function, every layer with its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from archspec.expressions import Expression
from archspec.ops import JOINS
from archspec.targets.arguments import Argument, CallPrinter, Style, ValuePrinter
from archspec.targets.code import Code, identifier, literal, term
from archspec.targets.file import File
from archspec.targets.flow import Flow, behind
from archspec.targets.lines import Line, assign, condition
from archspec.targets.notes import RowLayout, callee, noted, tensor_size
from archspec.targets.program.calls import Call, Loop, Printed, StageCall, Unrolled
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Routine,
    Row,
    Statement,
    TableStatement,
    every,
)
from archspec.targets.symbols import names_in
from archspec.targets.syntax import Operands
from archspec.targets.unprintable import Unprintable


@dataclass(frozen=True, slots=True)
class Position:
    """Where a layer is applied: its path in the routine, and which variables it has."""

    path: Sequence[str]
    operands: Operands
    target: str
    style: Style = "call"

    @property
    def source(self) -> Code:
        """The variable that it reads first."""
        return self.operands.source

    def again(self, path: Sequence[str]) -> Position:
        """The same once more, behind itself."""
        operands = self.operands.behind(Code(self.target))
        return replace(self, path=path, operands=operands)


class Statements:
    """Says what happens to tensors, every layer with its name."""

    accumulates: ClassVar[bool] = False

    def __init__(self, file: File, routine: Routine, names: Mapping[str, str]):
        self.file = file
        self.routine = routine
        self.root = routine is file.program.root
        self.printer = ValuePrinter(file, names)
        self.calls = CallPrinter(file, self.printer)
        self.macro = file.templates.macro
        self.side: tuple[str, ...] = ()
        self.layer_names: dict[str, str] = {}
        """The variables of the layers that run again."""

    def lines(
        self,
        taken: Sequence[str],
        outputs: Sequence[str] = (),
        features: Sequence[str] = (),
    ) -> tuple[list[Line], Flow, Code]:
        """The statements, who holds what, and the variable of the result.

        The model ends behind the last of the `features`, if they are all it is for.
        """
        source = "inputs" if self.root else "x"
        manifest, printed = self.file.manifest, self.file.printed_names
        taken = [*manifest["globals"], *manifest["locals"], *printed, *taken]
        flow = Flow(self, self.routine, source, taken, [*outputs, *features])
        body = self.routine.body
        again = (s for s in every(body) if isinstance(s, OpStatement) and s.runs_again)
        self.layer_names = {s.name: flow.hold(f"{s.name}_layer") for s in again}
        cut = behind(body, features) if features else 0
        lines, result = flow.body(body[:cut], Code(flow.source), None)
        lines += [self._early(flow, features)] if features else []
        more, result = flow.body(body[cut:], result, None)
        lines += more
        if self.routine.residual is not None:
            lines += self._residual(self.routine.residual, result)
        return lines, flow, result

    def _early(self, flow: Flow, features: Sequence[str]) -> Line:
        named = [(literal(name), flow.variables[name]) for name in features]
        outputs, title = self.macro("outputs", named), literal(self.file.network.name)
        model = self.macro("model", self.inputs(flow), outputs, title)
        returned = Line("return", model)
        return condition(Code("features_only"), [returned])

    @staticmethod
    def inputs(flow: Flow) -> Code:
        """What a model reads: its input, or a list of them."""
        names = ", ".join(map(str, flow.tensors))
        return Code(f"[{names}]" if len(flow.tensors) > 1 else names)

    def _residual(self, residual: Expression, result: Code) -> list[Line]:
        whole = self.macro("add", [Code("x"), result], self.named("residual"))
        added = assign(str(result), whole)
        test = self.printer.code(residual)
        return [added] if test.is_true else [condition(test, [added])]

    def named(self, *parts: str) -> Code:
        """A layer's name: its path with `-` for `.`; a loop's number is `{i}`."""
        inner = "-".join([*parts, *self.side])
        if self.root and "{" not in inner:
            return literal(inner)
        return Code(f'f"{inner}"' if self.root else f'f"{{name}}-{inner}"')

    # One layer

    def run(
        self, statement: OpStatement, operands: Operands, target: str
    ) -> list[Line]:
        position = Position([statement.name], operands, target)
        if statement.when is None:
            lines = self.layer(statement, position)
            return self.noted(lines, statement.call)
        source = operands.source
        before = [] if source == Code(target) else [assign(target, source)]
        # Behind the copy, the layer reads the variable that it writes.
        position = position.again(position.path)
        inner = self.layer(statement, position)
        return [*before, condition(self.test(statement.when, statement.name), inner)]

    def noted(self, lines: list[Line], call: Printed) -> list[Line]:
        """The lines with the size behind the last one."""
        if not self.root or (self.side and differs(call)):
            return lines
        return [*lines[:-1], noted(lines[-1], tensor_size(self.file, call), indent=4)]

    def layer(self, statement: OpStatement, position: Position) -> list[Line]:
        """A layer that is there, repeated or not."""
        if statement.again is not None:
            return [self.run_of(statement.again, position)]
        if statement.runs_again:
            return [
                self.kept(statement, position),
                self.run_of(statement.name, position),
            ]
        return self.applied(statement.call, position)

    def run_of(self, name: str, position: Position) -> Line:
        """A layer that is kept in a variable, applied to a tensor."""
        layer = identifier(self.layer_names[name])
        value = self.macro("apply", layer, position.source)
        return assign(position.target, value)

    def kept(self, statement: OpStatement, position: Position) -> Line:
        """A variable for a layer that runs again: a layer of Keras, a block as a model.

        Raises Unprintable for an op that is several layers.
        """
        variable = self.layer_names[statement.name]
        (call,) = statement.call.calls
        if not call.layers:
            function, arguments = self.called(call, "call")
            sizes = {shape[1:] for shape in call.inputs}
            varying = len(sizes) > 1 and call.rank
            shape = self.macro("input_shape", position.source, varying)
            name = self.named(*position.path)
            value = self.macro("reusable", function, shape, arguments, name)
            return assign(str(variable), value)
        mark = Code("\x1f")
        lines = self.once(call, replace(position, operands=Operands(mark)))
        text, end = str(lines[0].value), f"({mark})"
        if len(lines) > 1 or not text.endswith(end) or text.count(str(mark)) > 1:
            message = f"'{statement.name}', which is more than one layer, run again"
            name = statement.name
            help = (
                f"put it into a block, such as 'tower': '{name}: tower' can run again"
            )
            raise Unprintable(message, call.paths[0], help)
        return assign(str(variable), Code(text.removesuffix(end)))

    def applied(self, call: Printed, position: Position) -> list[Line]:
        """Whatever a layer or a row is."""
        if isinstance(call, Loop):
            return self.loop(call, position)
        if isinstance(call, Unrolled):
            return self.each(call, position)
        return self.once(call, position)

    def each(self, call: Unrolled, position: Position) -> list[Line]:
        """All runs of a repeat, one after the other."""
        lines: list[Line] = []
        for number, run in enumerate(call.calls):
            path = [*position.path, str(number)]
            at = position.again(path) if number else replace(position, path=path)
            lines += self.once(run, at)
        return lines

    def once(self, call: Call | StageCall, position: Position) -> list[Line]:
        """The lines that apply one op."""
        if isinstance(call, StageCall) or not call.layers:
            return [assign(position.target, self.block(call, position))]
        lines: list[Line] = []
        source, *others = position.operands
        like = dict(zip(["like"], others, strict=False))
        for layer in call.layers:
            if layer.when is not None and source != Code(position.target):
                lines.append(assign(position.target, source))
                source = Code(position.target)
            *around, last = position.path
            name = self.named(*around, f"{last}{layer.suffix}")
            value = self.printer.layer(layer, source, name=name, **like)
            line = assign(position.target, value)
            test = layer.when and self.printer.code(layer.when)
            lines.append(condition(test, [line]) if test else line)
            source = Code(position.target)
        return lines

    def block(self, call: Call | StageCall, position: Position) -> Code:
        """A call of a printed function."""
        function, arguments = self.called(call, position.style)
        source, *others = position.operands
        arguments = [*((None, other) for other in others), *arguments]
        name = self.named(*position.path)
        return self.macro("build", function, source, arguments, name)

    def called(
        self, call: Call | StageCall, style: Style
    ) -> tuple[Code, Sequence[Argument]]:
        """A printed function, and what it is given."""
        if isinstance(call, StageCall):
            arguments = self.calls.stage_arguments(call, style)
            return self.file.signatures[call.stage.name].name, arguments
        arguments = self.calls.block_arguments(call, style)
        return self.file.signatures[call.op].name, arguments

    def inline(self, statement: OpStatement, source: Code) -> Code | None:
        """One expression, if the op is one layer that always is there."""
        call = statement.call
        if statement.when is not None or statement.others or statement.runs_again:
            return None
        if statement.again is not None:
            position = Position([statement.name], Operands(source), "_")
            return self.run_of(statement.again, position).value
        if not isinstance(call, Call):
            return None
        lines = self.once(call, Position([statement.name], Operands(source), "_"))
        return lines[0].value if len(lines) == 1 and lines[0].kind == "assign" else None

    def loop(self, loop: Loop, position: Position) -> list[Line]:
        """A repeated layer: the first, then the others."""
        if self.side:
            raise Unprintable("a 'repeat' inside a repeated branch")
        first = self.once(loop.first, replace(position, path=[*position.path, "0"]))
        count = self.printer.code(loop.count.expression)
        if count == 1:
            return first
        number = "1" if count == 2 else "{i}"
        path = [*position.path, number]
        inner = self.once(loop.rest, position.again(path))
        if count == 2:
            return [*first, *inner]
        if inner == self.once(loop.first, replace(position, path=path)):
            return [Line("for", Code(f"range({count})"), Code("i"), body=tuple(inner))]
        numbers = Code(f"range(1, {count})")
        return [*first, Line("for", numbers, Code("i"), body=tuple(inner))]

    # Tables

    def table(self, statement: TableStatement, source: Code, target: str) -> list[Line]:
        """A line a row, or a list of rows and a loop where lines would be too long."""
        note = partial(tensor_size, self.file) if self.root else None
        layout = RowLayout(self.file, statement, self.row_text, 4, note)
        alike = len({callee(row.call) for row in statement.rows}) == 1
        header = layout.header(counts=alike)
        if alike and header:
            return self.listed(layout, header, source, target)
        lines = [Line("comment", names) for names in header]
        style: Style = "positions" if header else "keywords"
        for row in statement.rows:
            lines += self.row(statement, row, Operands(source), target, style)
            source = Code(target)
        return lines

    def row(
        self,
        statement: TableStatement,
        row: Row,
        operands: Operands,
        target: str,
        style: Style = "keywords",
    ) -> list[Line]:
        position = Position([statement.name, row.name], operands, target, style)
        return self.noted(self.applied(row.call, position), row.call)

    def row_text(self, call: Printed, style: Style) -> Code:
        """A row's line, or its tuple of arguments."""
        if isinstance(call, Unrolled):
            return Code("")
        once = call.first if isinstance(call, Loop) else call
        if style == "positions":
            _, arguments = self.called(once, style)
            return self.macro("row", arguments)
        position = Position(["table", "00"], Operands(Code("x")), "x", style)
        return Code(f"x = {self.once(once, position)[-1].value}")

    def listed(
        self, layout: RowLayout, header: Sequence[Code], source: Code, target: str
    ) -> list[Line]:
        """The rows as a list under the names of their columns, and a loop."""
        table, first = layout.table, layout.table.rows[0].call
        path = [table.name, "{key}" if table.named else "{i}"]
        assert not isinstance(first, Unrolled)
        if isinstance(first, Loop):
            first, path = first.first, [*path, "0"]
        function, _ = self.called(first, "positions")
        star = [(None, Code("*row"))]
        value = self.macro("build", function, Code(target), star, self.named(*path))
        rows = self.macro("row_list", layout.rows(), header, table.named)
        pattern = Code("key, *row" if table.named else "i, row")
        iterated = Code("rows" if table.named else "enumerate(rows)")
        before = [] if source == Code(target) else [assign(target, source)]
        loop = Line("for", iterated, pattern, body=(assign(target, value),))
        return [assign("rows", rows), *before, loop]

    # Joins

    def join(self, statement: JoinStatement, operands: Sequence[Code]) -> Code:
        (layer,), name = statement.call.layers, self.named(statement.name)
        if JOINS[statement.call.op].roles:
            return self.printer.layer(layer, *operands, name=name)
        if len(operands) == 1:
            return operands[0]
        return self.macro(layer.macro, operands, name)

    def join_list(self, statement: JoinStatement, operands: Code) -> Code:
        name = self.named(statement.name)
        return self.macro(f"{statement.call.op}_list", operands, name)

    def thirds(self, source: Code) -> Code:
        return self.macro("thirds", source)

    def repeated(
        self, part: BranchPart, source: Code, target: str, branches: Code
    ) -> list[Line]:
        """A loop that adds one branch after the other."""
        assert part.count is not None
        if not part.body:
            count = self.printer.code(part.count.expression)
            return [Line("extend", Code(f"[{source}] * {term(count)}"), branches)]
        return self._loop(part, source, target, branches)

    def series(
        self, part: BranchPart, target: str, names: Sequence[str], branches: Code
    ) -> list[Line]:
        """The same, where each run goes on from the one before it."""
        return self._loop(part, Code(target), target, branches)

    def _loop(
        self, part: BranchPart, source: Code, target: str, branches: Code
    ) -> list[Line]:
        assert part.count is not None
        count = self.printer.code(part.count.expression)
        calls = [s.call for s in part.body if isinstance(s, OpStatement)]
        number = "step" if self.file.reads_step(*calls) else "i"
        before, self.side = self.side, (f"{{{number}}}",)
        lines: list[Line] = []
        for statement in part.body:
            if not isinstance(statement, OpStatement) or (
                statement.source or statement.others
            ):
                raise Unprintable(
                    f"'repeat' on the branch '{part.name}': make it a block"
                )
            lines += self.run(statement, Operands(source), target)
            source = Code(target)
        self.side = before
        if lines[-1].kind == "assign" and not part.series:
            source = lines.pop().value
        lines.append(Line("append", source, branches))
        numbers = Code(f"range({count})")
        return [Line("for", numbers, Code(number), body=tuple(lines))]

    def test(self, expression: Expression, name: str) -> Code:
        return self.printer.code(expression)

    def note(self, statement: Statement) -> Code | None:
        if not self.root or not isinstance(statement, JoinStatement):
            return None
        return tensor_size(self.file, statement.call)


def differs(call: Printed) -> bool:
    """Whether the copies of a repeated branch have tensors of other sizes there."""
    return any(
        "step" in names_in(one.output_channels)
        or len({shape[1:] for shape in one.outputs}) > 1
        for one in call.calls[-1:]
    )
