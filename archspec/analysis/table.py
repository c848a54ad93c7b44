"""The cost of a network as text, Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from html import escape
from textwrap import fill
from typing import NamedTuple

from archspec.analysis.cost import compared_figures
from archspec.analysis.counts import Counts, own_counts
from archspec.analysis.memory import forms, litert_arena
from archspec.analysis.rows import rows
from archspec.analysis.training import training_memory
from archspec.analysis.usage import INFERENCE, Optimizer, Usage
from archspec.network import Network
from archspec.ops.shapes import by

COUNTED = """\
Counted: 1 MAC, which is 2 FLOPs, for each weight of a convolution or dense layer at
each position of its output, and for each product of activations that attention sums;
nothing for biases, softmax, normalisation, activations, pooling and joins. For the
figures of other tools, see --counter."""
WIDTH = 86


class Grid(NamedTuple):
    """A table to print; the columns in `left` are text, the others numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: Collection[int] = (0,)


def to_text(
    network: Network, usage: Usage = INFERENCE, counts: Counts | None = None
) -> str:
    """The tables for a terminal; `counts` are by default archspec's own."""
    return _page(network, "", "\n", map(aligned, grids(network, usage, counts)), counts)


def to_markdown(
    network: Network, usage: Usage = INFERENCE, counts: Counts | None = None
) -> str:
    """The same as Markdown."""
    tables = map(piped, grids(network, usage, counts))
    return _page(network, "# ", "\n\n", tables, counts)


def to_html(
    network: Network, usage: Usage = INFERENCE, counts: Counts | None = None
) -> str:
    """The same as HTML, for notebooks."""
    title, sizes = heading(network)
    lines = [f"<b>{escape(title)}</b>", escape(sizes), *map(escape, _erratum(network))]
    tables = map(_html_table, grids(network, usage, counts))
    return "\n".join([*(f"<p>{line}</p>" for line in lines), *tables]) + "\n"


def _page(
    network: Network,
    mark: str,
    gap: str,
    tables: Iterable[str],
    counts: Counts | None,
) -> str:
    title, sizes = heading(network)
    parts = [f"{mark}{title}{gap}{sizes}", *tables, *_erratum(network)]
    return "\n\n".join([*parts, _counted(counts)]) + "\n"


def _counted(counts: Counts | None) -> str:
    if counts is None:
        return COUNTED
    return fill(
        f"Counted as {counts.tool} counts the generated module for one image, which "
        f"prints {counts.unit}: {counts.note}.",
        WIDTH,
    )


def grids(
    network: Network, usage: Usage = INFERENCE, counts: Counts | None = None
) -> Iterator[Grid]:
    """The tables: layers, totals, memory; training if asked for, reported figures."""
    yield _layers(network, counts or own_counts(network))
    yield _totals(network, counts)
    yield _memory(network, usage)
    if usage.optimizer is not None:
        yield _training(network, usage.batch, usage.optimizer)
    if network.reported:
        yield _reported(network)


def _erratum(network: Network) -> list[str]:
    if network.reported is None or not network.reported.erratum:
        return []
    return [f"Erratum: {one_line(network.reported.erratum)}"]


def to_csv(network: Network, counts: Counts | None = None) -> str:
    """Every primitive and join, as in the JSON; with another counter, a column more."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    header = "name variant path op output_shape parameters macs attention_macs flops"
    writer.writerow([*header.split(), *(["count"] if counts else [])])
    names = network.name, network.spec.variant or ""
    for number, layer in enumerate(network.layers):
        macs = layer.macs, layer.attention_macs
        figures = [layer.parameters, *macs, layer.flops]
        figures += [counts.layers[number]] if counts else []
        writer.writerow([*names, layer.path, layer.op, by(layer.output), *figures])
    return text.getvalue()


def overview(
    networks: Sequence[Network],
    format: str = "text",
    counts: Sequence[Counts] | None = None,
) -> str:
    """A line for each network as text, markdown or csv.

    The networks are bases, whose variants are counted, or variants, which are named.
    `counts` are those of another counter for each network, instead of MACs.
    """
    totals = [c.total for c in counts] if counts else [n.macs for n in networks]
    are_bases = all(network.spec.variant is None for network in networks)
    header = ["spec", "variants" if are_bases else "variant"]
    header += ["input", "parameters", "trainable"]
    header.append(f"{counts[0].unit} ({counts[0].counter})" if counts else "MACs")
    number = str if format == "csv" else "{:,}".format
    rows = [
        [
            network.spec.stem,
            str(len(network.spec.variants.entries) or "-")
            if are_bases
            else network.spec.variant or "-",
            ", ".join(map(by, network.inputs.values())),
            number(network.parameters),
            number(network.trainable_parameters),
            number(total),
        ]
        for network, total in zip(networks, totals, strict=True)
    ]
    grid = Grid(header, rows, left=(0,) if are_bases else (0, 1))
    if format == "csv":
        return "".join(f"{','.join(row)}\n" for row in (header, *rows))
    return (piped if format == "markdown" else aligned)(grid) + "\n"


def one_line(text: str) -> str:
    """Free text without control characters."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def piped(grid: Grid) -> str:
    """A table as Markdown."""
    ends = ["---" if c in grid.left else "---:" for c in range(len(grid.header))]
    rows = [grid.header, ends, *grid.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _html_table(grid: Grid) -> str:
    def row(kind: str, cells: Sequence[str]) -> str:
        sides = ["left" if c in grid.left else "right" for c in range(len(cells))]
        styled = zip(sides, map(escape, cells), strict=True)
        return "".join(
            f'<{kind} style="text-align: {side}">{cell}</{kind}>'
            for side, cell in styled
        )

    rows = [row("th", grid.header), *(row("td", cells) for cells in grid.rows)]
    return "\n".join(["<table>", *(f"<tr>{cells}</tr>" for cells in rows), "</table>"])


def heading(network: Network) -> tuple[str, str]:
    """The network with its source, and its input and output shapes."""
    document, variant = network.document, network.spec.variant
    title = network.name + (f", variant {variant}" if variant else "")
    if document.source:
        title += f" ({one_line(document.source.title)})"
    shape = network.output_shape
    outputs = shape if isinstance(shape, dict) else {"": shape}
    listed = ", ".join(f"{name} {by(part)}".strip() for name, part in outputs.items())
    shapes = network.inputs.items()
    several = ", ".join(f"{name} {by(shape)}" for name, shape in shapes)
    read = several if network.document.inputs else by(network.image)
    return title, f"input {read}, output {listed}"


def _layers(network: Network, counts: Counts) -> Grid:
    totals = network.parameters, counts.total
    lines: list[list[str]] = []
    for row in rows(network):
        layers = [network.layers[number] for number in row.layers]
        counted = sum(counts.layers[number] for number in row.layers)
        parameters = sum(layer.parameters for layer in layers)
        figures = *_share(parameters, totals[0]), *_share(counted, totals[1])
        lines.append([row.name, row.title, by(layers[-1].output), *figures])
    header = ["layer", "op", "output", "parameters", "share", counts.unit, "share"]
    total = ["total", "", "", *_share(*totals[:1] * 2), *_share(*totals[1:] * 2)]
    return Grid(header, [*lines, total], left=range(3))


def _share(part: int, whole: int) -> tuple[str, str]:
    return (f"{part:,}", f"{part / whole:.1%}") if part else ("-", "-")


def _totals(network: Network, counts: Counts | None) -> Grid:
    trainable, attention = network.trainable_parameters, network.attention_macs
    totals = {
        "trainable parameters": trainable,
        "moving statistics": network.parameters - trainable,
    }
    if counts is None:
        totals |= {"MACs of attention": attention} if attention else {}
        totals |= {"FLOPs": network.flops}
    return Grid(["", "total"], [[name, f"{n:,}"] for name, n in totals.items()])


def _memory(network: Network, usage: Usage) -> Grid:
    """A line for each form; the further ones if they hold less than the one before.

    For integers, also the arena of the runtime that most devices have.
    """
    written, *others = forms(network, usage.dtype)
    shown = [written]
    for form in others:
        if form[1:3] != shown[-1][1:3]:
            shown.append(form)
    header = f"bytes in {usage.dtype}", "weights", "activations", "peak at"
    rows = [
        [form.name, f"{form.weights:,}", f"{form.activations:,}", form.layer]
        for form in shown
    ]
    if usage.dtype == "int8":
        arena = litert_arena(network, usage.dtype)
        rows.append(["arena of LiteRT Micro", "", f"{arena:,}", ""])
    return Grid(header, rows, left=(0, 3))


def _training(network: Network, batch: int, optimizer: Optimizer) -> Grid:
    found = training_memory(network, batch, optimizer)
    rows = [
        ["weights", f"{found.weights:,}"],
        ["gradients of weights", f"{found.gradients:,}"],
        [f"states of {optimizer}", f"{found.states:,}"],
        ["activations kept", f"{found.activations:,}"],
        [f"peak, {found.layer} backwards", f"{found.peak:,}"],
    ]
    return Grid([f"training, batch of {batch}", "bytes"], rows)


def _reported(network: Network) -> Grid:
    rows = [
        [found.name, found.quantity.text, f"{found.computed:,}", found.difference]
        for found in compared_figures(network)
    ]
    return Grid(["", "reported", "computed", "difference"], rows)


def aligned(grid: Grid) -> str:
    """A table for a terminal."""
    widths = [
        max(map(len, column)) for column in zip(grid.header, *grid.rows, strict=True)
    ]
    rule = ["-" * width for width in widths]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column in grid.left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    return "\n".join(map(line, [grid.header, rule, *grid.rows]))
