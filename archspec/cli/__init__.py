"""The commands: thin over the library, and quick to start.

Data goes to stdout, talk to stderr. Exit codes: 0 fine; 1 a check found a difference;
2 bad usage, a bad spec, bad weights; 3 refused to overwrite; 4 a framework is missing.
A command imports what it needs itself: `--help` needs nothing, `flops` no templates.
"""

from __future__ import annotations

from typing import Annotated

import typer

from archspec.cli.blocks import blocks
from archspec.cli.flops import flops
from archspec.cli.generate import generate
from archspec.cli.verify import verify
from archspec.cli.weights import weights

__all__ = ["app"]

app = typer.Typer(
    help=(
        "One YAML file describes a neural network: archspec writes it as source for "
        "PyTorch and Keras and as a model for ONNX, counts what it costs, moves its "
        "weights, and verifies that all of them are equal.\n\n"
        "A SPEC is a path or the name of a bundled spec."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.")
    ] = False,
) -> None:
    if version:
        from archspec import __version__

        typer.echo(f"archspec {__version__}")
        raise typer.Exit


app.command()(flops)
app.command()(generate)
app.command()(blocks)
app.command()(verify)
app.add_typer(weights, name="weights")
