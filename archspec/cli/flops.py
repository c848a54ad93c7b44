"""`archspec flops`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.beforehand import network_of
from archspec.cli.options import Overrides, Specs, Variants, faults_told

if TYPE_CHECKING:
    from archspec.network import Network

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
        names = variant or (), override or ()
        networks = [network_of(spec, *names) for spec in specs]
        typer.echo(_printed(networks, format), nl=False)


def _printed(networks: Sequence[Network], format: Format) -> str:
    from archspec.analysis.cost import cost_document
    from archspec.analysis.table import to_csv, to_markdown, to_text

    if format == "json":
        documents = [cost_document(network) for network in networks]
        return json.dumps(documents if documents[1:] else documents[0], indent=2) + "\n"
    if format == "csv":
        return to_csv(networks)
    printed: Callable[[Network], str] = to_text if format == "table" else to_markdown
    return "\n\n".join(map(printed, networks))
