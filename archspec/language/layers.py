"""Walking canonical layers, whose places are known."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping

from archspec.reading.nodes import Mapping, Node, Scalar, Sequence


def placed_layers(layers: Mapping) -> Iterator[tuple[str, Mapping, Mapping]]:
    """Each layer's name, its node, and the `layers` in which it stands.

    Those inside branches are included.
    """
    for name, layer in mappings(layers):
        yield name, layer, layers
        for _, branch in mappings(layer.section("branches")):
            yield from placed_layers(branch.section("layers"))


def mappings(node: Mapping) -> Iterator[tuple[str, Mapping]]:
    """The entries that are mappings themselves; what else is there is an error."""
    for name, value in node.entries.items():
        if isinstance(value, Mapping):
            yield name, value


def cells(table: Mapping) -> Iterator[tuple[str, str, Node]]:
    """The cells of a table: row, column, and what stands there."""
    columns, rows = table.get("columns"), table.get("rows")
    if not isinstance(columns, Sequence) or rows is None:
        return
    names = [column.text for column in columns.items if isinstance(column, Scalar)]
    found = rows.items if isinstance(rows, Sequence) else table.section("rows").entries
    values = found.values() if isinstance(found, AbstractMapping) else found
    for row, value in zip(row_names(table), values, strict=True):
        items = value.items if isinstance(value, Sequence) else (value,)
        yield from ((row, *pair) for pair in zip(names, items, strict=False))


def row_names(table: Mapping) -> list[str]:
    """The names of a table's rows, or their numbers from 0; none if it is no table."""
    rows = table.get("rows")
    if isinstance(rows, Sequence):
        return [str(number) for number in range(len(rows.items))]
    return list(rows.entries) if isinstance(rows, Mapping) else []
