"""`archspec lsp`: the language server for editors."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from archspec.cli.printing import faults_told


def lsp(
    port: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=65535,
            show_default=False,
            help="Listen on this local TCP port instead of stdin.",
        ),
    ] = None,
    stdio: Annotated[
        bool,
        typer.Option(
            "--stdio",
            show_default=False,
            help="Serve on stdin and stdout, as without options.",
        ),
    ] = False,
) -> None:
    """Start the language server, which editors run.

    Speaks the Language Server Protocol on stdin and stdout: diagnostics with quick
    fixes, hovers, inlay hints, completion, definitions, references and renaming. It
    needs the extra `lsp`. docs/editors.md shows how to set up editors.

    Examples:
        archspec lsp
        archspec lsp --port 2087
    """
    if stdio and port is not None:
        raise typer.BadParameter("--stdio and --port exclude each other")
    with faults_told():
        from archspec.editing.server import serve

        gc.enable()  # `main` disables it for commands that end soon
        serve(port)
