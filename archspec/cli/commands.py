"""The commands; only the one that is called is built."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

COMMANDS = ("flops", "generate", "check", "explain", "verify", "weights", "blocks")
"""Each is a module in this package, with a function or group of its name."""


def program(arguments: Sequence[str]) -> typer.Typer:
    """The commands, or only the one that is called.

    Building all of them would take much of the time of a command.
    """
    app = typer.Typer(
        help=(
            "Generate readable framework source code and ONNX models from one YAML "
            "file, count parameters and MACs, convert weights, and verify that all "
            "targets are equal.\n\n"
            "SPEC is a path or the name of a bundled spec."
        ),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_options)
    called = [name for name in COMMANDS if name in arguments[:1]]
    for name in called or COMMANDS:
        command: Any = getattr(import_module(f"archspec.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command()(command)
    return app


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.")
    ] = False,
) -> None:
    if version:
        from archspec.api.catalogue import __version__

        typer.echo(f"archspec {__version__}")
        raise typer.Exit
