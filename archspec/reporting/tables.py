"""Tables of the page, with captions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from archspec.analysis import table
from archspec.network import Network
from archspec.reporting.depth import LayerFigures
from archspec.reporting.variants import Variant
from archspec.tables import Column, Table, Value


class Cell(NamedTuple):
    """A text; of a share, also its length of the largest in its column, in percent."""

    text: str
    is_text: bool
    length: float = 0


class ReportTable(NamedTuple):
    """A table that the reader may sort; `shown` is the row of the network itself."""

    table: Table
    caption: str = ""
    is_sortable: bool = False
    shown: int | None = None

    @property
    def rows(self) -> list[list[Cell]]:
        """The cells of each row, those of a total last; the first names its row."""
        columns = [
            [
                Cell(text, column.is_text, round(100 * bar, 1))
                for text, bar in zip(texts, self.table.bars(number), strict=True)
            ]
            for number, (column, *texts) in enumerate(
                zip(self.table.columns, *self.table.texts(), strict=True)
            )
        ]
        return [list(cells) for cells in zip(*columns, strict=True)]


def cost_tables(network: Network) -> tuple[ReportTable, list[ReportTable]]:
    """The costs by layer of the spec, and the smaller tables of `archspec flops`."""
    layers, *others = table.cost_tables(network)
    by_layer = ReportTable(layers, "Costs by layer of the spec", is_sortable=True)
    return by_layer, [*map(ReportTable, others)]


def layer_table(layers: Iterable[LayerFigures]) -> ReportTable:
    """Every primitive, as in `archspec flops --format csv`, and what is held."""
    texts = Column("layer", "name"), Column("op", "text"), Column("output", "text")
    numbers = map(Column, ("parameters", "MACs", "held, fused", "held, as written"))
    rows = [[*layer[:3], *(n or None for n in layer[3:])] for layer in layers]
    caption = "Figures of all layers; activations in bytes"
    return ReportTable(Table([*texts, *numbers], rows), caption, is_sortable=True)


def variant_table(variants: Sequence[Variant]) -> ReportTable:
    """The figures of each variant; differences are those that `flops` prints."""
    columns: list[tuple[Column, list[Value]]] = [
        (Column("variant", "name"), [variant.label for variant in variants]),
        (Column("input", "text"), [variant.input for variant in variants]),
    ]
    for key, name in (("parameters", "parameters"), ("macs", "MACs")):
        columns.append((Column(name), [getattr(v, key) or None for v in variants]))
        reported = [variant.reported.get(key) for variant in variants]
        if any(reported):
            texts = [found and found.quantity.text for found in reported]
            columns.append((Column("reported"), [*texts]))
            differences = [found and found.difference for found in reported]
            columns.append((Column("difference"), [*differences]))
    columns.append((Column("activations"), [v.held or None for v in variants]))
    header, cells = zip(*columns, strict=True)
    return ReportTable(
        Table(header, [*zip(*cells, strict=True)]),
        "Variants: trainable parameters, MACs, and bytes of activations at their peak",
        is_sortable=True,
        shown=next(n for n, variant in enumerate(variants) if variant.is_shown),
    )
