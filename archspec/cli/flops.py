"""`archspec flops`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.cli import colour
from archspec.cli.beforehand import networks
from archspec.cli.options import (
    Overrides,
    Specs,
    TableFormat,
    Variants,
    as_json,
    faults_told,
    noted,
    overview,
)

if TYPE_CHECKING:
    from archspec.api.network import Network


def flops(
    specs: Specs,
    *,
    variant: Variants = None,
    override: Overrides = None,
    all_variants: Annotated[
        bool, typer.Option("--all-variants", help="Also count every variant of SPEC.")
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Print one line per network.")
    ] = False,
    format: TableFormat = "table",
) -> None:
    """Count parameters, MACs and memory by layer.

    Examples:
        archspec flops mobilenetv2
        archspec flops net.yaml --set multipliers.width=0.5 --format markdown
        archspec flops mobilenetv2 --all-variants --summary
        archspec flops mobilenetv2 resnet50 --summary
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
        printed = overview if summary else _by_layer
        typer.echo(printed(found, format), nl=False, color=True)


def _by_layer(networks: Sequence[Network], format: str) -> str:
    if format == "json":
        return as_json([network.costs() for network in networks]) + "\n"
    if format == "csv":
        tables = [network.table("csv") for network in networks]
        rows = [table.partition("\n")[2] for table in tables[1:]]
        return "".join(tables[:1] + rows)
    if format == "markdown":
        return "\n\n".join(network.table("markdown") for network in networks)
    return colour.table("\n\n".join(network.table() for network in networks))
