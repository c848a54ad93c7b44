"""`archspec explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from archspec.cli.options import faults_told


def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", show_default=False)
    ] = None,
) -> None:
    """Explain an error or warning with an example; without CODE, list all codes."""
    with faults_told():
        from archspec.api import catalogue

        if code is not None:
            typer.echo(catalogue.explain(code).text, nl=False)
            return
        for name, section in catalogue.explanations().items():
            typer.echo(f"{name}  {section.title}")
