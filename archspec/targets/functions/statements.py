"""The statements of one function, every layer with its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from archspec.expressions import Expression
from archspec.ops import JOINS
from archspec.targets.code import Code, identifier, literal, term
from archspec.targets.file import File
from archspec.targets.flow import Flow, behind
from archspec.targets.functions.layers import Layers, Position
from archspec.targets.functions.tables import Table
from archspec.targets.lines import Line, assign, condition
from archspec.targets.notes import tensor_size
from archspec.targets.program.calls import Call
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
from archspec.targets.syntax import Operands
from archspec.targets.unprintable import Unprintable


class Statements(Layers):
    """Says what happens to tensors, every layer with its name."""

    accumulates: ClassVar[bool] = False

    def __init__(self, file: File, routine: Routine, names: Mapping[str, str]):
        super().__init__(file, routine, names)
        self.routine = routine
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

    def table(self, statement: TableStatement, source: Code, target: str) -> list[Line]:
        return Table(self, statement).lines(source, target)

    def row(
        self, statement: TableStatement, row: Row, operands: Operands, target: str
    ) -> list[Line]:
        return Table(self, statement).row(row, operands, target)

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
