"""`archspec flops`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.cli.beforehand import loaded
from archspec.cli.options import (
    Overrides,
    Specs,
    Variants,
    as_json,
    faults_told,
)

if TYPE_CHECKING:
    from archspec.api.network import Network

Format = Literal["table", "json", "csv", "markdown"]


def flops(
    specs: Specs,
    variant: Variants = None,
    override: Overrides = None,
    format: Annotated[
        Format, typer.Option(help="JSON is an object for one SPEC, a list for several.")
    ] = "table",
) -> None:
    """Count parameters, MACs and memory by layer."""
    with faults_told():
        networks = [loaded(spec, variant, override) for spec in specs]
        typer.echo(_printed(networks, format), nl=False)


def _printed(networks: Sequence[Network], format: Format) -> str:
    if format == "json":
        return as_json([network.costs() for network in networks]) + "\n"
    if format == "csv":
        tables = [network.table("csv") for network in networks]
        rows = [table.partition("\n")[2] for table in tables[1:]]
        return "".join(tables[:1] + rows)
    named = "text" if format == "table" else format
    return "\n\n".join(network.table(named) for network in networks)
