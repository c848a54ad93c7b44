"""How many layers a document comes to at least, counted before any is made."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.elaboration.limits import MAX_NESTING, MAX_RUNS, too_many
from archspec.elaboration.scopes import MAX_REPEAT, value_if_known
from archspec.errors import SpecError
from archspec.expressions import Scope, Value
from archspec.language import Branch, Document, Formula, JoinLayer, Layer, Table


def check_unfolding(document: Document, scope: Scope) -> None:
    """Raise SpecError (AS306) for a document that surely comes to too many layers.

    A layer with a `when` counts as one, a repeat that only a run can tell as none.
    """
    _Unfolding(document, scope).of(document.layers, 0)


class _Unfolding:
    """Looks at each block once."""

    def __init__(self, document: Document, scope: Scope):
        self.blocks = document.blocks
        self.scope = scope
        self.counted: dict[str, int] = {}

    def of(self, layers: Mapping[str, Layer], depth: int) -> int:
        """The sum of all layers; raises SpecError where it passes the limit."""
        total = 0
        for layer in layers.values():
            total += self.layer(layer, depth)
            if total > MAX_RUNS:
                too_many(layer.place)
        return total

    def layer(self, layer: Layer, depth: int) -> int:
        if layer.when is not None or depth > MAX_NESTING:
            return 1
        if isinstance(layer, Table):
            return sum(self.row(layer, row, depth) for row in layer.rows)
        times = self.times(layer.repeat, {})
        if isinstance(layer, JoinLayer):
            branches = layer.branches.values()
            return times * sum(self.branch(branch, depth) for branch in branches)
        return times * self.op(layer.op.text, depth)

    def row(self, table: Table, row: str, depth: int) -> int:
        pairs = zip(table.columns, table.rows[row], strict=True)
        cells = {
            column: self.known(cell, {})
            for column, cell in pairs
            if isinstance(cell, Formula)
        }
        op = next(iter(table.each)) if len(table.each) == 1 else ""
        return self.times(table.repeat_of(row), cells) * self.op(op, depth)

    def branch(self, branch: Branch, depth: int) -> int:
        if branch.when is not None:
            return 1
        return self.times(branch.repeat, {}) * (1 + self.of(branch.layers, depth + 1))

    def op(self, name: str, depth: int) -> int:
        """A primitive is one; a block is itself and its layers."""
        block = self.blocks.get(name)
        if block is None:
            return 1
        if name not in self.counted:
            self.counted[name] = 1 + self.of(block.layers, depth + 1)
        return self.counted[name]

    def times(self, repeat: Formula | None, cells: Scope) -> int:
        times = 1 if repeat is None else self.known(repeat, cells)
        if isinstance(times, (int, float)) and 1 <= times <= MAX_REPEAT:
            return int(times)
        return 1

    def known(self, formula: Formula, cells: Scope) -> Value:
        """What it is worth in the document's own scope; None if that does not tell."""
        try:
            return value_if_known(formula, {**self.scope, **cells})
        except SpecError:
            return None
