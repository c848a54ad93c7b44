"""`archspec flops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.cli.options import (
    AllVariants,
    CounterName,
    Dtype,
    Overrides,
    Specs,
    TableFormat,
    Variants,
)
from archspec.cli.printing import faults_told, noted, show, show_json, show_overview

if TYPE_CHECKING:
    from archspec.api.network import UsageWords


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
        typer.Option(help="Also show the memory of a training step."),
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
            for network in noted(spec, variant, override, all_variants)
        ]
        usage: UsageWords = {"dtype": dtype, "batch": batch, "optimizer": optimizer}
        if summary:
            show_overview(found, format, counter)
        elif format == "json":
            show_json([network.costs(counter, **usage) for network in found])
        elif format == "csv":
            first, *others = (network.table("csv", counter) for network in found)
            rows = (table.partition("\n")[2] for table in others)
            typer.echo("".join([first, *rows]), nl=False)
        else:
            show(*(n.page(counter, **usage) for n in found), format=format)
