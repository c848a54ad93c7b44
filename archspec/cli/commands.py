"""The commands; only the one that is called is built."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from archspec.cli import coercion
from archspec.cli.help import Command, Program, epilog

coercion.install()

GROUPS = {
    "Start": {
        "init": "start.init",
        "list": "catalogue.list_specs",
        "show": "catalogue.show",
        "import": "importing.import_",
    },
    "Edit": {
        "check": "check.check",
        "watch": "watch.watch",
        "ops": "catalogue.ops",
        "blocks": "catalogue.blocks",
        "explain": "catalogue.explain",
        "lsp": "lsp.lsp",
        "schema": "schema.schema",
    },
    "Look": {
        "flops": "flops.flops",
        "draw": "draw.draw",
        "report": "report.report",
        "compare": "compare.compare",
        "bench": "bench.bench",
    },
    "Convert and verify": {
        "generate": "generate.generate",
        "verify": "verify.verify",
        "weights": "weights.weights",
    },
    "Explore": {
        "sweep": "sweep.sweep",
        "search": "search.search",
    },
}
"""The function or group of each command, by its module in this package."""

COMMANDS = {name: place for group in GROUPS.values() for name, place in group.items()}

FIRST_STEPS = [
    "archspec init                                write net.yaml, a small network",
    "archspec flops net.yaml                      count parameters and MACs",
    "archspec generate net.yaml --target torch    write generated/torch/net.py",
    "archspec watch net.yaml --target torch       do both whenever you save",
]
EXAMPLES = [
    *FIRST_STEPS,
    "archspec init --from mobilenetv2             start from a network of the zoo",
    "archspec import timm:resnet18 -o net.yaml    start from an existing model",
]
EXIT_CODES = [
    "0  success",
    "1  a difference or warning was found, as the command's help explains",
    "2  invalid usage, spec or weights",
    "3  a file exists that archspec does not overwrite",
    "4  a framework is not installed",
]


def _completed() -> list[str]:
    """The command line that a shell completes, without the name of the program."""
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    return line.split()[1:]


class _Archspec(Program):
    groups, first_steps = GROUPS, FIRST_STEPS


def program(arguments: Sequence[str]) -> typer.Typer:
    """The commands, or only the one that is called.

    Building all of them would take much of the time of a command.
    """
    words = arguments or _completed()
    called = [name for name in COMMANDS if name in words[:1]]
    app = typer.Typer(
        cls=_Archspec,
        help=(
            "Describe a neural network once, in a YAML file: generate readable source "
            "code for PyTorch, Keras and Flax and models for ONNX, count parameters "
            "and MACs, convert weights, and verify that all targets are equal."
        ),
        epilog=epilog({"Examples": EXAMPLES, "Exit codes": EXIT_CODES}),
        add_completion=not called or not arguments,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_options)
    for name in called or COMMANDS:
        module, _, member = COMMANDS[name].partition(".")
        command: Any = getattr(import_module(f"archspec.cli.{module}"), member)
        if not isinstance(command, typer.Typer):
            app.command(name, cls=Command)(command)
            continue
        app.add_typer(command, name=name)
        for inner in command.registered_commands:
            inner.cls = Command
    return app


def _options(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.")
    ] = False,
) -> None:
    if version:
        from archspec.api.catalogue import __version__

        typer.echo(f"archspec {__version__}")
    elif ctx.invoked_subcommand is None and isinstance(ctx.command, Program):
        typer.echo(ctx.command.welcome(ctx), nl=False)
        raise typer.Exit(2)
