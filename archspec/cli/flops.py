"""`archspec flops`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.cli.beforehand import networks
from archspec.cli.options import (
    AllVariants,
    CounterName,
    Dtype,
    Overrides,
    Specs,
    TableFormat,
    Variants,
    as_json,
    faults_told,
    noted,
    overview,
    show,
)

if TYPE_CHECKING:
    from archspec.api.network import Network, UsageWords


def flops(
    specs: Specs,
    *,
    variant: Variants = None,
    override: Overrides = None,
    all_variants: AllVariants = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Print one line per network.")
    ] = False,
    dtype: Dtype = "float32",
    optimizer: Annotated[
        Literal["sgd", "momentum", "adam"] | None,
        typer.Option(
            metavar="sgd|momentum|adam", help="Also show the memory of a training step."
        ),
    ] = None,
    batch: Annotated[
        int, typer.Option(metavar="N", help="Images in a training step.", min=1)
    ] = 1,
    counter: CounterName = "archspec",
    format: TableFormat = "table",
) -> None:
    """Count parameters, MACs and memory by layer.

    Examples:
        archspec flops mobilenetv2
        archspec flops net.yaml --set multipliers.width=0.5 --format markdown
        archspec flops mobilenetv2 --all-variants --summary
        archspec flops mobilenetv2 resnet50 --summary
        archspec flops mobilenetv2 --set input.size=96 --dtype int8
        archspec flops mobilenetv2 --optimizer adam --batch 32
        archspec flops mobilenetv2 --counter thop
    """
    if variant and all_variants:
        raise typer.BadParameter("--variant and --all-variants exclude each other")
    with faults_told():
        found = [
            network
            for spec in specs
            for network in noted(
                spec, networks([spec], variant, override, all_variants)
            )
        ]
        usage: UsageWords = {"dtype": dtype, "batch": batch, "optimizer": optimizer}
        printed = (
            overview(found, format, counter)
            if summary
            else _layers(found, format, counter, usage)
        )
        show(printed, format)


def _layers(
    networks: Sequence[Network], format: str, counter: CounterName, usage: UsageWords
) -> str:
    if format == "json":
        return as_json([network.costs(counter, **usage) for network in networks]) + "\n"
    if format == "csv":
        tables = [network.table("csv", counter) for network in networks]
        rows = [table.partition("\n")[2] for table in tables[1:]]
        return "".join(tables[:1] + rows)
    if format == "markdown":
        return "\n\n".join(n.table("markdown", counter, **usage) for n in networks)
    tables = (network.table("text", counter, **usage) for network in networks)
    return "\n\n".join(tables)
