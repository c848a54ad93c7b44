"""Tables of the page, each cell with its kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from archspec.analysis.table import Grid, grids
from archspec.network import Network
from archspec.reporting.depth import LayerFigures
from archspec.reporting.variants import Variant

Kind = Literal["text", "number", "share"]


class Cell(NamedTuple):
    """A text; of a share, also its length of the largest in its column, in percent."""

    text: str
    kind: Kind = "text"
    length: float = 0


class Row(NamedTuple):
    """Cells, the first of which names the row; `is_shown` marks the network itself."""

    cells: Sequence[Cell]
    is_shown: bool = False


class Table(NamedTuple):
    """Rows, the last of which may be a total; the reader may sort the others."""

    caption: str
    header: Sequence[Cell]
    rows: Sequence[Row]
    foot: Sequence[Row] = ()
    is_sortable: bool = False


def cost_tables(network: Network) -> tuple[Table, list[Table]]:
    """The costs by layer of the spec, and the smaller tables of `archspec flops`."""
    layers, *others = grids(network)
    found = _table(layers, "Costs by layer of the spec")
    *rows, total = found.rows
    plain = [cell._replace(length=0) for cell in total.cells]
    by_layer = found._replace(rows=rows, foot=[Row(plain)], is_sortable=True)
    return by_layer, [_table(grid, "") for grid in others]


def _table(grid: Grid, caption: str) -> Table:
    header = [
        Cell(name, "text" if column in grid.left else "number")
        for column, name in enumerate(grid.header)
    ]
    body = grid.rows[:-1] or grid.rows
    columns = [
        _column(name, [row[column] for row in grid.rows], len(body))
        if header[column].kind == "number"
        else [Cell(row[column]) for row in grid.rows]
        for column, name in enumerate(grid.header)
    ]
    return Table(caption, header, [Row(cells) for cells in zip(*columns, strict=True)])


def _column(name: str, texts: Sequence[str], body: int) -> list[Cell]:
    """Cells of numbers; shares are compared with the largest before the total."""
    if name != "share":
        return [Cell(text, "number") for text in texts]
    shares = [float(text.rstrip("%")) if text != "-" else 0.0 for text in texts]
    largest = max(shares[:body]) or 1
    return [
        Cell(text, "share", 100 * share / largest)
        for text, share in zip(texts, shares, strict=True)
    ]


def layer_table(layers: Iterable[LayerFigures]) -> Table:
    """Every primitive, as in `archspec flops --format csv`, and what is held."""
    header = "layer op output parameters MACs".split()
    return Table(
        "Figures of all layers; activations in bytes",
        _header([*header, "held, fused", "held, as written"], texts=3),
        [
            Row(
                [
                    *map(Cell, layer[:3]),
                    *(_figure(number) for number in layer[3:]),
                ]
            )
            for layer in layers
        ],
        is_sortable=True,
    )


def variant_table(variants: Sequence[Variant]) -> Table:
    """The figures of each variant; differences are those that `flops` prints."""
    keys = [k for k in ("parameters", "macs") if any(k in v.reported for v in variants)]
    names = ["variant", "input"]
    for key, name in (("parameters", "parameters"), ("macs", "MACs")):
        names += [name, "reported", "difference"] if key in keys else [name]
    rows = [
        Row(
            [
                Cell(variant.label),
                Cell(variant.input),
                _figure(variant.parameters),
                *_reported(variant, "parameters", keys),
                _figure(variant.macs),
                *_reported(variant, "macs", keys),
                _figure(variant.held),
            ],
            variant.is_shown,
        )
        for variant in variants
    ]
    return Table(
        "Variants: trainable parameters, MACs, and bytes of activations at their peak",
        _header([*names, "activations"], texts=2),
        rows,
        is_sortable=True,
    )


def _reported(variant: Variant, key: str, keys: Sequence[str]) -> list[Cell]:
    """Two cells, if a variant has this figure."""
    if key not in keys:
        return []
    found = variant.reported.get(key)
    texts = (found.quantity.text, found.difference) if found else ("-", "-")
    return [Cell(text, "number") for text in texts]


def _header(names: Sequence[str], texts: int) -> list[Cell]:
    return [
        Cell(name, "text" if column < texts else "number")
        for column, name in enumerate(names)
    ]


def _figure(number: int) -> Cell:
    return Cell(f"{number:,}" if number else "-", "number")
