"""Sizes as comments, and the rows of a table laid out."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from archspec.ops.shapes import is_sequence
from archspec.targets.arguments import KEYWORDS, Style
from archspec.targets.code import LINE_LENGTH, Code, identifier
from archspec.targets.file import File
from archspec.targets.lines import Line
from archspec.targets.program.calls import Call, Loop, Printed, StageCall, Unrolled
from archspec.targets.program.statements import Row, TableStatement


def tensor_size(file: File, call: Printed) -> Code:
    """(N, 32, 112, 112), or (112, 112, 32) where a framework leaves out the batch."""
    shape, last = call.outputs[0], getattr(call, "channels_last", False)
    if last or file.manifest["channels"] == "last" or is_sequence(shape):
        shape = (*shape[1:], shape[0])
    batch = file.manifest["batch"]
    sizes = [*([batch] if batch else []), *map(str, shape)]
    return Code(f"({', '.join(sizes)}{',' * (len(sizes) == 1)})")


def map_size(call: Printed) -> Code | None:
    """112 x 112."""
    shape = call.outputs[0]
    return Code(" x ".join(map(str, shape[1:]))) if shape[1:] else None


def noted(line: Line, note: Code, indent: int) -> Line:
    """The line with a comment behind it, unless it is the comment that does not fit."""
    width = indent + len(f"{line.target} = {line.value}")
    if width <= LINE_LENGTH < width + len(f"  # {note}"):
        return line
    return replace(line, note=note)


@dataclass(frozen=True)
class RowLayout:
    """The lines of a table: with keywords if they all fit, else under a header."""

    file: File
    table: TableStatement
    module: Callable[[Printed, Style], Code]
    indent: int
    note: Callable[[Printed], Code | None] | None

    def rows(self) -> list[dict[str, Any]]:
        """What a template needs of each row."""
        style: Style = "keywords" if self.fits() else "positions"
        return [self.row(row, style) for row in self.table.rows]

    def row(self, row: Row, style: Style) -> dict[str, Any]:
        name = identifier(row.name) if self.table.named else Code(row.name)
        note = self.note(row.call) if self.note else None
        return {"name": name, "call": self.module(row.call, style), "note": note}

    def fits(self) -> bool:
        """Whether every line is short enough with its keywords and its comment."""
        return all(
            self.width(self.row(row, "keywords")) <= LINE_LENGTH
            for row in self.table.rows
        )

    def width(self, row: dict[str, Any]) -> int:
        note = 0 if row["note"] is None else len(str(row["note"])) + 4
        name = len(str(row["name"])) + 5 if self.table.named else 0
        return self.indent + name + len(str(row["call"])) + 1 + note

    def header(self, counts: bool = False) -> list[Code]:
        """The names of what stands in each position; nothing if the rows say them.

        With `counts`, also of what calls pass as keywords.
        """
        if self.fits():
            return []
        callees = list(dict.fromkeys(callee(row.call) for row in self.table.rows))
        signed = [name for name in callees if name in self.file.signatures]
        names = [self.positions(name, counts) for name in signed]
        if len(callees) > 1:
            own = [self.file.signatures[name].name for name in signed]
            names = [f"{n}: {text}" for n, text in zip(own, names, strict=True)]
        deeper = 4 if self.table.named else 0
        width = LINE_LENGTH - self.indent - deeper - len("# ")
        return [Code(line) for text in names for line in textwrap.wrap(text, width)]

    def positions(self, name: str, counts: bool) -> str:
        """The parameters of a printed routine in order."""
        signature = self.file.signatures[name]
        names = ["in_channels"] if signature.in_channels else []
        names += [signature.printed(p.name) for p in signature.shared]
        names += [signature.printed(p.name) for p in signature.ordered]
        if name in {stage.name for stage in self.file.program.stages}:
            names.append("repeats")
            own = [n for n in names[:-1] if n not in KEYWORDS]
            names = names if counts else own
        return ", ".join(names)


def callee(call: Printed) -> str:
    """The name under which a row's op is printed, if it is."""
    match call:
        case StageCall():
            return call.stage.name
        case Loop():
            return call.first.op
        case Unrolled():
            return "each run by itself"
        case Call():
            return call.op
