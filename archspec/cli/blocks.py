"""`archspec blocks`."""

from __future__ import annotations

from typing import Annotated

import typer

from archspec.cli.options import faults_told


def blocks(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", show_default=False)
    ] = None,
) -> None:
    """List the standard blocks, or print the YAML of one."""
    with faults_told():
        from archspec.api import catalogue

        if name is not None:
            typer.echo(catalogue.block_source(name), nl=False)
            return
        summaries = catalogue.blocks()
        width = max(map(len, summaries))
        for block, summary in summaries.items():
            typer.echo(f"{block:<{width}}  {summary}")
