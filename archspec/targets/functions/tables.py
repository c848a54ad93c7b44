"""The rows of a table: a line each, or a list of rows and a loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from archspec.targets.arguments import Style
from archspec.targets.code import Code
from archspec.targets.functions.layers import Layers, Position
from archspec.targets.lines import Line, assign
from archspec.targets.notes import RowLayout, callee, tensor_size
from archspec.targets.program.calls import Loop, Printed, Unrolled
from archspec.targets.program.statements import Row, TableStatement
from archspec.targets.syntax import Operands


@dataclass(frozen=True)
class Table:
    """One table, whose rows `layers` applies."""

    layers: Layers
    table: TableStatement

    # Tables

    def lines(self, source: Code, target: str) -> list[Line]:
        """A line a row, or a list of rows and a loop where lines would be too long."""
        file, rows = self.layers.file, self.table.rows
        note = partial(tensor_size, file) if self.layers.root else None
        layout = RowLayout(file, self.table, self.text, 4, note)
        alike = len({callee(row.call) for row in rows}) == 1
        header = layout.header(counts=alike)
        if alike and header:
            return self.listed(layout, header, source, target)
        lines = [Line("comment", names) for names in header]
        style: Style = "positions" if header else "keywords"
        for row in rows:
            lines += self.row(row, Operands(source), target, style)
            source = Code(target)
        return lines

    def row(
        self, row: Row, operands: Operands, target: str, style: Style = "keywords"
    ) -> list[Line]:
        """The lines of one row."""
        position = Position([self.table.name, row.name], operands, target, style)
        return self.layers.noted(self.layers.applied(row.call, position), row.call)

    def text(self, call: Printed, style: Style) -> Code:
        """A row's line, or its tuple of arguments."""
        if isinstance(call, Unrolled):
            return Code("")
        once = call.first if isinstance(call, Loop) else call
        if style == "positions":
            _, arguments = self.layers.called(once, style)
            return self.layers.macro("row", arguments)
        position = Position(["table", "00"], Operands(Code("x")), "x", style)
        return Code(f"x = {self.layers.once(once, position)[-1].value}")

    def listed(
        self, layout: RowLayout, header: Sequence[Code], source: Code, target: str
    ) -> list[Line]:
        """The rows as a list under the names of their columns, and a loop."""
        named, first = self.table.named, self.table.rows[0].call
        path = [self.table.name, "{key}" if named else "{i}"]
        assert not isinstance(first, Unrolled)
        if isinstance(first, Loop):
            first, path = first.first, [*path, "0"]
        layers, macro = self.layers, self.layers.macro
        function, _ = layers.called(first, "positions")
        star = [(None, Code("*row"))]
        value = macro("build", function, Code(target), star, layers.named(*path))
        rows = macro("row_list", layout.rows(), header, named)
        pattern = Code("key, *row" if named else "i, row")
        iterated = Code("rows" if named else "enumerate(rows)")
        before = [] if source == Code(target) else [assign(target, source)]
        loop = Line("for", iterated, pattern, body=(assign(target, value),))
        return [assign("rows", rows), *before, loop]
