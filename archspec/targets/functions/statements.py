"""The statements of one function, every layer with its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from archspec.expressions import Expression
from archspec.ops import JOINS, Shape
from archspec.ops.shapes import rank
from archspec.targets.code import Code, identifier, literal, term
from archspec.targets.file import File
from archspec.targets.flow import Flow, behind
from archspec.targets.functions.layers import Layers, Position
from archspec.targets.functions.tables import Table
from archspec.targets.lines import Line, assign, condition
from archspec.targets.notes import tensor_size
from archspec.targets.program.calls import Call, StageCall
from archspec.targets.program.statements import (
    JoinStatement,
    OpStatement,
    Routine,
    Row,
    Statement,
    TableStatement,
    every,
)
from archspec.targets.syntax import BranchRuns, Operands
from archspec.targets.unprintable import Unprintable


class Statements(Layers):
    """Says what happens to tensors, every layer with its name."""

    accumulates: ClassVar[bool] = False

    def __init__(self, file: File, routine: Routine, names: Mapping[str, str]):
        super().__init__(file, routine, names)
        self.routine = routine
        self.layer_names: dict[str, str] = {}
        """The variables of the layers that run again."""
        self.layer_in_turn = Code("")
        """The variable for each of a list of them."""

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
        ops = (s for s in every(body) if isinstance(s, OpStatement))
        again = [s for s in ops if s.runs_again]
        self.layer_names = {s.name: flow.hold(_layer_name(s)) for s in again}
        if any(map(_is_repeated, again)):
            self.layer_in_turn = Code(flow.hold("layer", "each_layer"))
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
            return self.run_again(statement, statement.again, position)
        if not statement.runs_again:
            return self.applied(statement.call, position)
        variable = identifier(self.layer_names[statement.name])
        if isinstance(statement.call, Call):
            kept = assign(str(variable), self.kept(statement.call, position))
            return [kept, _run_of(variable, position)]
        last = Code(f"{variable}[-1]")

        def once(call: Call | StageCall, position: Position) -> list[Line]:
            added = Line("append", self.kept(call, position), variable)
            return [added, _run_of(last, position)]

        lines = self.applied(statement.call, position, once)
        return [assign(str(variable), Code("[]")), *lines]

    def run_again(
        self, statement: OpStatement, first: str, position: Position
    ) -> list[Line]:
        """A layer that is kept, or all of a repeated one, applied to a tensor."""
        lines: list[Line] = []
        several = _is_repeated(statement)
        if several or statement.times is not None:
            if position.source != Code(position.target):
                lines.append(assign(position.target, position.source))
            position = position.again(position.path)
        variable = identifier(self.layer_names[first])
        run = _run_of(self.layer_in_turn if several else variable, position)
        if several:
            run = Line("for", variable, self.layer_in_turn, body=(run,))
        if statement.times is not None:
            times = self.printer.code(statement.times.expression)
            run = Line("for", Code(f"range({times})"), Code("_"), body=(run,))
        return [*lines, run]

    def kept(self, call: Call | StageCall, position: Position) -> Code:
        """What is kept of a layer that runs again: one of Keras, a block as a model.

        Raises Unprintable for an op that is several layers.
        """
        assert isinstance(call, Call)
        if not call.layers:
            function, arguments = self.called(call, "call")
            read = zip(position.operands, (call.inputs, *call.others), strict=True)
            shapes = [self.input_shape(*each) for each in read]
            name = self.named(*position.path)
            return self.macro("reusable", function, shapes, arguments, name)
        mark = Code("\x1f")
        lines = self.once(call, replace(position, operands=Operands(mark)))
        text, end = str(lines[0].value), f"({mark})"
        if len(lines) > 1 or not text.endswith(end) or text.count(str(mark)) > 1:
            name = position.path[0]
            message = f"'{name}', which is more than one layer, run again"
            help = (
                f"put it into a block, such as 'tower': '{name}: tower' can run again"
            )
            raise Unprintable(message, call.paths[0], help)
        return Code(text.removesuffix(end))

    def input_shape(self, tensor: Code, shapes: Sequence[Shape]) -> Code:
        """The shape of what a model reads, without the sizes if runs differ in them."""
        varies = len({shape[1:] for shape in shapes}) > 1
        return self.macro("input_shape", tensor, varies and rank(shapes[0]))

    def inline(self, statement: OpStatement, source: Code) -> Code | None:
        """One expression, if the op is one layer that always is there."""
        call = statement.call
        if statement.when is not None or statement.others or statement.runs_again:
            return None
        if not isinstance(call, Call) or statement.times is not None:
            return None
        lines = self.layer(statement, Position([statement.name], Operands(source), "_"))
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

    def repeated(self, runs: BranchRuns) -> list[Line]:
        """A loop that adds one branch after the other."""
        assert runs.part.count is not None
        if not runs.part.body:
            count = self.printer.code(runs.part.count.expression)
            whole = Code(f"[{runs.source}] * {term(count)}")
            return [Line("extend", whole, runs.branches)]
        first, *others = runs.read
        return self.series(replace(runs, read=[first.behind(runs.source), *others]))

    def series(self, runs: BranchRuns) -> list[Line]:
        """The same, where each run goes on from the one before it."""
        part, target = runs.part, runs.target
        assert part.count is not None
        count = self.printer.code(part.count.expression)
        plain = [s for s in part.body if isinstance(s, OpStatement)]
        number = "step" if self.file.reads_step(*(s.call for s in plain)) else "i"
        before, self.side = self.side, (f"{{{number}}}",)
        lines: list[Line] = []
        for statement, operands in zip(part.body, runs.read, strict=True):
            if not isinstance(statement, OpStatement) or statement.source:
                raise Unprintable(
                    f"'repeat' on the branch '{part.name}': make it a block"
                )
            lines += self.run(statement, operands, target)
        self.side = before
        value = Code(target)
        if lines[-1].kind == "assign" and not part.series:
            value = lines.pop().value
        lines.append(Line("append", value, runs.branches))
        numbers, named = Code(f"range({count})"), any(not s.again for s in plain)
        return [Line("for", numbers, Code(number if named else "_"), body=tuple(lines))]

    def test(self, expression: Expression, name: str) -> Code:
        return self.printer.code(expression)

    def note(self, statement: Statement) -> Code | None:
        if not self.root or not isinstance(statement, JoinStatement):
            return None
        return tensor_size(self.file, statement.call)


def _run_of(layer: Code, position: Position) -> Line:
    """A layer that is kept in a variable, applied to tensors."""
    listed = ", ".join(map(str, position.operands))
    read = Code(f"[{listed}]") if position.operands.others else position.source
    return assign(position.target, Code(f"{layer}({read})"))


def _is_repeated(statement: OpStatement) -> bool:
    return not isinstance(statement.call, Call)


def _layer_name(statement: OpStatement) -> str:
    """The variable of a layer that runs again, or of those of a repeated one."""
    return f"{statement.name}_layer{'s' * _is_repeated(statement)}"
