"""Layers applied to tensors, each by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from archspec.ops import OPS
from archspec.targets.arguments import Argument, CallPrinter, Style, ValuePrinter
from archspec.targets.code import Code, literal
from archspec.targets.file import File
from archspec.targets.lines import Line, assign, condition
from archspec.targets.notes import noted, tensor_size
from archspec.targets.program.calls import Call, Loop, Printed, StageCall, Unrolled
from archspec.targets.program.statements import Routine
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


Once = Callable[[Call | StageCall, Position], list[Line]]
"""Gives the lines that apply one op."""


def layers(file: File) -> dict[str, Code]:
    """The expression that applies each primitive, by its path; joins have none."""
    printer, x, name = ValuePrinter(file, {}), Code("x"), literal("name")
    return {
        path: printer.layer(layer, x, name=name)
        for call in file.program.primitives
        for layer in call.layers
        for path in call.paths
        if layer.macro == call.op and call.op in OPS
    }


class Layers:
    """Applies what layers and rows call, in the names of one routine."""

    def __init__(self, file: File, routine: Routine, names: Mapping[str, str]):
        self.file = file
        self.root = routine is file.program.root
        self.printer = ValuePrinter(file, names)
        self.calls = CallPrinter(file, self.printer)
        self.macro = file.templates.macro
        self.side: tuple[str, ...] = ()
        """What names of layers end with, in the runs of a branch."""

    def named(self, *parts: str) -> Code:
        """A layer's name: its path with `-` for `.`; a loop's number is `{i}`."""
        inner = "-".join([*parts, *self.side])
        if self.root and "{" not in inner:
            return literal(inner)
        return Code(f'f"{inner}"' if self.root else f'f"{{name}}-{inner}"')

    def noted(self, lines: list[Line], call: Printed) -> list[Line]:
        """The lines with the size behind the last one."""
        if not self.root or (self.side and _differs(call)):
            return lines
        return [*lines[:-1], noted(lines[-1], tensor_size(self.file, call), indent=4)]

    def applied(
        self, call: Printed, position: Position, once: Once | None = None
    ) -> list[Line]:
        """Whatever a layer or a row is; `once` applies one op."""
        once = once or self.once
        if isinstance(call, Loop):
            return self.loop(call, position, once)
        if isinstance(call, Unrolled):
            return self.each(call, position, once)
        return once(call, position)

    @staticmethod
    def each(call: Unrolled, position: Position, once: Once) -> list[Line]:
        """All runs of a repeat, one after the other."""
        lines: list[Line] = []
        for number, run in enumerate(call.calls):
            path = [*position.path, str(number)]
            at = position.again(path) if number else replace(position, path=path)
            lines += once(run, at)
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

    def loop(self, loop: Loop, position: Position, once: Once) -> list[Line]:
        """A repeated layer: the first, then the others."""
        if self.side:
            raise Unprintable("a 'repeat' inside a repeated branch")
        first = once(loop.first, replace(position, path=[*position.path, "0"]))
        count = self.printer.code(loop.count.expression)
        if count == 1:
            return first
        number = "1" if count == 2 else "{i}"
        path = [*position.path, number]
        inner = once(loop.rest, position.again(path))
        if count == 2:
            return [*first, *inner]
        if inner == once(loop.first, replace(position, path=path)):
            return [Line("for", Code(f"range({count})"), Code("i"), body=tuple(inner))]
        numbers = Code(f"range(1, {count})")
        return [*first, Line("for", numbers, Code("i"), body=tuple(inner))]


def _differs(call: Printed) -> bool:
    """Whether the copies of a repeated branch have tensors of other sizes there."""
    return any(
        "step" in names_in(one.output_channels)
        or len({shape[1:] for shape in one.outputs}) > 1
        for one in call.calls[-1:]
    )
