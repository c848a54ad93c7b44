"""Layers as a document has them: an op, a join of branches, or a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archspec.errors import Place
from archspec.expressions import Name
from archspec.language.fields import Formula, optional_formula, word
from archspec.language.parts import (
    At,
    list_of,
    mapping_of,
    optional,
    part,
    required,
    value,
)
from archspec.language.tables import column_names
from archspec.ops import JOINS
from archspec.reading import nodes
from archspec.reading.nodes import Node, Scalar, Word, is_filled

MAX_ROWS = 1000

Attributes = dict[str, Formula | None]
given = mapping_of(optional_formula)


@dataclass(frozen=True, kw_only=True)
class Modified:
    """The modifiers that every layer takes."""

    when: Formula | None = optional(optional_formula, doc="If false, skip the layer.")
    repeat: Formula | None = optional(
        optional_formula,
        doc="Run it this many times in a row; `step` counts the runs from 0.",
    )
    origin: Word | None = optional(
        value(word),
        doc="Read this tensor instead of the previous layer's output.",
        key="from",
    )


@dataclass(frozen=True, kw_only=True)
class Named(Modified):
    """A layer of one op."""

    op: Word = required(value(word))

    @property
    def place(self) -> Place:
        """The place of its op."""
        return self.op.place


def _no_tensors(node: Node, at: At) -> dict[str, Any]:
    """None yet: `tensors` finds them in the attributes, once all blocks are known."""
    return {}


@dataclass(frozen=True, kw_only=True)
class OpLayer(Named):
    """A primitive or a block."""

    attributes: Attributes = optional(given, dict)
    like: Word | None = optional(
        value(word), doc="The layer whose height and width it takes."
    )
    then: Attributes = optional(
        given, dict, doc="Attributes that change from the second repeat on."
    )
    tensors: dict[str, Word] = optional(_no_tensors, dict)
    """What it gives for the tensor arguments of its block."""


def _references(node: Node, at: At) -> dict[str, Any]:
    """References by the names of tensor arguments."""
    if isinstance(node, nodes.Mapping):
        return mapping_of(value(word))(node, at)
    message = "a layer that runs again is given tensors by their names"
    help = "such as {again: {up: {skip: stem}}}"
    at.complain("AS204", message, node.place, help)
    return {}


@dataclass(frozen=True, kw_only=True)
class AgainLayer(Modified):
    """An earlier layer that runs again, with its weights, perhaps several times."""

    again: Word = required(
        value(word), doc="Run an earlier layer again, with its weights."
    )
    tensors: dict[str, Word] = optional(_references, dict)
    """What it gives for other tensor arguments than the first run has."""

    @property
    def place(self) -> Place:
        """The place of the name of that layer."""
        return self.again.place


def _inner(node: Node, at: At) -> dict[str, Layer]:
    return mapping_of(layer)(node, at)


@dataclass(frozen=True, kw_only=True)
class Branch(Modified):
    """One side of a join: layers in a row, or nothing for the identity."""

    layers: dict[str, Layer] = required(_inner)
    series: Formula | None = optional(
        optional_formula,
        doc="Run it this many times, each on the output before, and join all.",
    )

    @property
    def runs(self) -> Formula | None:
        """How often its layers run: side by side (`repeat`), or one after the other."""
        return self.series or self.repeat


def _branches(node: Node, at: At) -> dict[str, Branch]:
    """The branches; if their names are fixed all of them, or none."""
    op = nodes.text_of(at.around.get("op")) or ""
    roles = JOINS[op].roles if op in JOINS else ()
    if isinstance(node, nodes.Mapping) and not node.entries and not roles:
        help = f"such as {{{op}: {{left: {{conv: {{conv: 8}}}}, right: {{}}}}}}"
        at.refuse(node, "a join has at least one branch", help)
    found: dict[str, Branch] = mapping_of(_branch)(node, at)
    if not roles or not found:
        return found
    for name, branch in found.items():
        if (repeat := branch.repeat or branch.series) is not None:
            message = f"the branch '{name}' of {op} cannot be repeated"
            help = "'repeat' on its layers runs them in a row"
            at.complain("AS204", message, repeat.place, help)
    nothing = Branch(layers={})
    return {Word(role, node.place): found.get(role, nothing) for role in roles}


def _branch(node: Node, at: At) -> Branch:
    branch = part(Branch, _MODIFIERS)(node, at)
    if branch.series is not None and branch.repeat is not None:
        message = "a branch has 'repeat' or 'series', not both"
        help = "remove one, or put the series into a block"
        at.complain("AS204", message, branch.series.place, help)
    return branch


@dataclass(frozen=True, kw_only=True)
class JoinLayer(Named):
    """A join of branches; attention may have none, and then reads one tensor."""

    attributes: Attributes = optional(given, dict)
    branches: dict[str, Branch] = required(_branches)


Cell = Formula | Word | None


def _rows(node: Node, at: At) -> dict[str, list[Cell]]:
    """Rows by their names, or by numbers; without brackets a row of one column."""
    if isinstance(node, Scalar):
        at.refuse(node, "must be a list or a mapping")
        return {}
    if not is_filled(node):
        at.refuse(node, "must have at least 1 entry")
    named: Mapping[str, Node] = {}
    if isinstance(node, nodes.Mapping):
        named = node.entries
    else:
        named = {Word(str(n), row.place): row for n, row in enumerate(node.items)}
        if len(named) > MAX_ROWS:
            message = f"at most {MAX_ROWS} rows, found {len(named)}"
            at.complain("AS208", message, node.place)
    columns = column_names(at.around)
    return {
        name: _cells(row, columns, at.below(name, name.place))
        for name, row in nodes.placed(named)
    }


def _cells(row: Node, columns: list[str], at: At) -> list[Cell]:
    items = row.items if isinstance(row, nodes.Sequence) else (row,)
    if columns and len(items) != len(columns):
        count = "1 value" if len(items) == 1 else f"{len(items)} values"
        counts = f"{count} for {len(columns)} columns"
        values = ", ".join(i.text if isinstance(i, Scalar) else "..." for i in items)
        message = f"row [{values}] has {counts} ({', '.join(columns)})"
        help = "remove a value, or name another column"
        if len(items) < len(columns):
            help = "add the missing value; '~' means the attribute's default"
        at.refuse(row, message, help)
    pairs = enumerate(zip(items, [*columns, *[""] * len(items)], strict=False))
    return [_cell(c, column, at.below(str(n), c.place)) for n, (c, column) in pairs]


def _cell(node: Node, column: str, at: At) -> Cell:
    """An op's name is a word; "" where a row has none."""
    if column == "op" and isinstance(node, Scalar):
        return Word(nodes.text_of(node) or "", node.place)
    return optional_formula(node, at)


def _no_references(node: Node, at: At) -> list[Any]:
    return []


@dataclass(frozen=True, kw_only=True)
class Table(Modified):
    """Rows of a paper's table."""

    columns: list[Word] = required(
        list_of(value(word), 1), doc="Names for the values of each row."
    )
    rows: dict[str, list[Cell]] = required(
        _rows, doc="Rows of the table, a value per column, in a list or by name."
    )
    each: dict[str, Attributes] = required(
        mapping_of(given, 1),
        doc="The op of every row with its attributes; by op if there is a column `op`.",
    )
    then: Attributes = optional(
        given, dict, doc="Attributes that change from the second repeat of a row on."
    )
    tensors: dict[str, dict[str, Word]] = optional(_no_tensors, dict)
    """What each row gives for the tensor arguments of its block."""
    references: list[Word] = optional(_no_references, list)
    """The columns that had these references, which are no others' columns."""

    @property
    def place(self) -> Place:
        """The place of its first column."""
        return [*self.columns, *self.references][0].place

    @property
    def named(self) -> bool:
        """Whether rows have names; others have numbers."""
        return not next(iter(self.rows), "0").isdigit()

    def repeat_of(self, row: str) -> Formula | None:
        """The repeats of a row; None: one, without a number in its path."""
        repeat = self.repeat
        if repeat is None or not isinstance(repeat.expression, Name):
            return repeat
        cells = dict[str, Cell](zip(self.columns, self.rows[row], strict=True))
        return None if cells.get(repeat.expression.id, repeat) is None else repeat


Layer = OpLayer | JoinLayer | Table | AgainLayer

_MODIFIERS = ("when", "repeat", "then", "from")


def layer(node: Node, at: At) -> Layer:
    """One layer, by the keys that it has."""
    if not isinstance(node, nodes.Mapping):
        return part(OpLayer)(node, at)
    if "again" in node.entries:
        return part(AgainLayer, ("again", "when", "repeat", "from"))(node, at)
    if "branches" in node.entries:
        return part(JoinLayer, _MODIFIERS)(node, at)
    if "then" in node.entries and "repeat" not in node.entries:
        message = "'then' requires 'repeat'"
        help = "add 'repeat', or remove 'then'"
        at.complain("AS204", message, node.place_of("then"), help)
    if not node.entries.keys().isdisjoint(("columns", "rows", "each")):
        _check_table(node, at)
        return part(Table, _MODIFIERS)(node, at)
    if "like" in node.entries and "size" in node.section("attributes").entries:
        message = "resize takes 'size' or 'like', not both"
        at.complain("AS204", message, node.entries["like"].place)
    return part(OpLayer, _MODIFIERS)(node, at)


def _check_table(node: nodes.Mapping, at: At) -> None:
    columns, each = column_names(node), node.section("each")
    if columns and "op" not in columns and len(each.entries) > 1:
        message = "without a column 'op', 'each' names one op"
        help = "add a column 'op' with the op of each row"
        at.complain("AS204", message, each.place, help)


def inner_layers(layers: Mapping[str, Layer]) -> Iterator[tuple[Word, Layer]]:
    """The layers with their names, those inside branches included."""
    for name, layer in nodes.placed(layers):
        yield name, layer
        inside = layer.branches if isinstance(layer, JoinLayer) else {}
        for branch in inside.values():
            yield from inner_layers(branch.layers)


def references(layers: Mapping[str, Layer]) -> Iterator[Word]:
    """What layers read by name; a `like` is none, as it reads only the size."""
    for _, layer in inner_layers(layers):
        branches = layer.branches.values() if isinstance(layer, JoinLayer) else ()
        yield from (r.origin for r in (layer, *branches) if r.origin is not None)
        yield from given_tensors(layer)


def given_tensors(layer: Layer) -> Iterator[Word]:
    """The references that a layer gives for tensor arguments."""
    if isinstance(layer, OpLayer | AgainLayer):
        yield from layer.tensors.values()
    elif isinstance(layer, Table):
        for row in layer.tensors.values():
            yield from row.values()


def inner_ops(layers: Mapping[str, Layer]) -> Iterator[Word]:
    """The ops, blocks and joins that layers name, inside branches too."""
    for _, layer in inner_layers(layers):
        if isinstance(layer, Table):
            yield from nodes.words(layer.each)
        elif not isinstance(layer, AgainLayer):
            yield layer.op
