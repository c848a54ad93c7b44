"""The cost of a network as a page of tables, and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import fill

from archspec.analysis.cost import compared_figures, layer_documents
from archspec.analysis.counts import Counts, own_counts
from archspec.analysis.memory import forms, litert_arena
from archspec.analysis.rows import rows
from archspec.analysis.training import training_memory
from archspec.analysis.usage import INFERENCE, Optimizer, Usage
from archspec.network import Network
from archspec.ops.shapes import by
from archspec.tables import Column, Page, Table, Title, Value

COUNTED = """\
Counted: 1 MAC, which is 2 FLOPs, for each weight of a convolution or dense layer at
each position of its output, and for each product of activations that attention sums;
nothing for biases, softmax, normalisation, activations, pooling and joins. For the
figures of other tools, see --counter."""
WIDTH = 86


def page(
    network: Network, usage: Usage = INFERENCE, counts: Counts | None = None
) -> Page:
    """What `archspec flops` prints; `counts` are by default archspec's own."""
    title, sizes = heading(network)
    tables = [[table] for table in cost_tables(network, usage, counts)]
    erratum = network.reported and network.reported.erratum
    notes = [[f"Erratum: {one_line(erratum)}"]] if erratum else []
    return Page([[Title(title), sizes], *tables, *notes, [_counted(counts)]])


def _counted(counts: Counts | None) -> str:
    if counts is None:
        return COUNTED
    return fill(
        f"Counted as {counts.tool} counts the generated module for one image, which "
        f"prints {counts.unit}: {counts.note}.",
        WIDTH,
    )


def cost_tables(
    network: Network, usage: Usage = INFERENCE, counts: Counts | None = None
) -> Iterator[Table]:
    """The tables: layers, totals, memory; training if asked for, reported figures."""
    yield _layers(network, counts or own_counts(network))
    yield _totals(network, counts)
    yield _memory(network, usage)
    if usage.optimizer is not None:
        yield _training(network, usage.batch, usage.optimizer)
    if network.reported:
        yield _reported(network)


def to_csv(network: Network, counts: Counts | None = None) -> str:
    """Every primitive and join, as in the JSON; with another counter, a column more."""
    own = {"name": network.name, "variant": network.spec.variant or ""}
    layers = [
        {**own, **layer, "output_shape": by(layer["output_shape"])}
        for layer in layer_documents(network, counts)
    ]
    rows = [[*layer.values()] for layer in layers]
    return Table([*map(Column, layers[0])], rows).to_csv()


def overview(
    networks: Sequence[Network], counts: Sequence[Counts] | None = None
) -> Table:
    """A line for each network.

    The networks are bases, whose variants are counted, or variants, which are named.
    `counts` are those of another counter for each network, instead of MACs.
    """
    totals = [c.total for c in counts] if counts else [n.macs for n in networks]
    unit = f"{counts[0].unit} ({counts[0].counter})" if counts else "MACs"
    are_bases = all(network.spec.variant is None for network in networks)
    variants = Column("variants") if are_bases else Column("variant", "name")
    columns = [Column("spec", "name"), variants, Column("input")]
    columns += map(Column, ("parameters", "trainable", unit))
    rows = [
        [
            network.spec.stem,
            (len(network.spec.variants.entries) if are_bases else network.spec.variant)
            or "-",
            ", ".join(map(by, network.inputs.values())),
            network.parameters,
            network.trainable_parameters,
            total,
        ]
        for network, total in zip(networks, totals, strict=True)
    ]
    return Table(columns, rows)


def one_line(text: str) -> str:
    """Free text without control characters."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


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


def _layers(network: Network, counts: Counts) -> Table:
    totals = network.parameters, counts.total
    lines: list[list[Value]] = []
    for row in rows(network):
        layers = [network.layers[number] for number in row.layers]
        counted = sum(counts.layers[number] for number in row.layers)
        parameters = sum(layer.parameters for layer in layers)
        figures = *_share(parameters, totals[0]), *_share(counted, totals[1])
        lines.append([row.name, row.title, by(layers[-1].output), *figures])
    share = Column("share", "share")
    columns = [Column("layer", "name"), Column("op", "text"), Column("output", "text")]
    columns += [Column("parameters"), share, Column(counts.unit), share]
    total = ["total", "", "", *_share(*totals[:1] * 2), *_share(*totals[1:] * 2)]
    return Table(columns, lines, total)


def _share(part: int, whole: int) -> tuple[int | None, float | None]:
    return (part, part / whole) if part else (None, None)


def _totals(network: Network, counts: Counts | None) -> Table:
    trainable, attention = network.trainable_parameters, network.attention_macs
    totals = {
        "trainable parameters": trainable,
        "moving statistics": network.parameters - trainable,
    }
    if counts is None:
        totals |= {"MACs of attention": attention} if attention else {}
        totals |= {"FLOPs": network.flops}
    return Table([Column("", "name"), Column("total")], [*totals.items()])


def _memory(network: Network, usage: Usage) -> Table:
    """A line for each form; the further ones if they hold less than the one before.

    For integers, also the arena of the runtime that most devices have.
    """
    written, *others = forms(network, usage.dtype)
    shown = [written]
    for form in others:
        if form[1:3] != shown[-1][1:3]:
            shown.append(form)
    rows = [[form.name, form.weights, form.activations, form.layer] for form in shown]
    if usage.dtype == "int8":
        arena = litert_arena(network, usage.dtype)
        rows.append(["arena of LiteRT Micro", "", arena, ""])
    columns = [
        Column(f"bytes in {usage.dtype}", "name"),
        Column("weights"),
        Column("activations"),
        Column("peak at", "text"),
    ]
    return Table(columns, rows)


def _training(network: Network, batch: int, optimizer: Optimizer) -> Table:
    found = training_memory(network, batch, optimizer)
    rows = [
        ["weights", found.weights],
        ["gradients of weights", found.gradients],
        [f"states of {optimizer}", found.states],
        ["activations kept", found.activations],
        [f"peak, {found.layer} backwards", found.peak],
    ]
    return Table([Column(f"training, batch of {batch}", "name"), Column("bytes")], rows)


def _reported(network: Network) -> Table:
    rows = [
        [found.name, found.quantity.text, found.computed, found.difference]
        for found in compared_figures(network)
    ]
    numbers = map(Column, ("reported", "computed", "difference"))
    return Table([Column("", "name"), *numbers], rows)
