"""The commands; only the one that is called is built."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from archspec.cli import coercion
from archspec.cli.help import Command, epilog

coercion.install()

COMMANDS = {
    "init": "start.init",
    "watch": "watch.watch",
    "list": "catalogue.list_specs",
    "show": "catalogue.show",
    "ops": "catalogue.ops",
    "blocks": "catalogue.blocks",
    "flops": "flops.flops",
    "compare": "compare.compare",
    "draw": "draw.draw",
    "sweep": "sweep.sweep",
    "search": "search.search",
    "check": "check.check",
    "lsp": "lsp.lsp",
    "generate": "generate.generate",
    "report": "report.report",
    "verify": "verify.verify",
    "bench": "bench.bench",
    "weights": "weights.weights",
    "import": "importing.import_",
    "schema": "schema.schema",
    "explain": "catalogue.explain",
}
"""The function or group of each, by its module in this package."""

EXAMPLES = [
    "archspec list                                find a network",
    "archspec show mobilenetv2 > net.yaml         start from its spec",
    "archspec check net.yaml                      check your changes",
    "archspec flops net.yaml                      count parameters and MACs",
    "archspec generate net.yaml --target torch    write generated/torch/net.py",
    "archspec import timm:resnet18 -o net.yaml    make a spec of a model that exists",
    "archspec COMMAND -h                          options and examples",
]
EXIT_CODES = [
    "0  success",
    "1  a difference or warning was found, as the command's help explains",
    "2  invalid usage, spec or weights",
    "3  a file exists that archspec does not overwrite",
    "4  a framework is not installed",
]


def program(arguments: Sequence[str]) -> typer.Typer:
    """The commands, or only the one that is called.

    Building all of them would take much of the time of a command.
    """
    called = [name for name in COMMANDS if name in arguments[:1]]
    app = typer.Typer(
        help=(
            "Generate readable framework source code and ONNX models from one YAML "
            "file, count parameters and MACs, convert weights, and verify that all "
            "targets are equal.\n\n"
            "SPEC is a path, the name of a bundled spec, or - for standard input."
        ),
        epilog=epilog({"Examples": EXAMPLES, "Exit codes": EXIT_CODES}),
        no_args_is_help=True,
        add_completion=not called,
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
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.")
    ] = False,
) -> None:
    if version:
        from archspec.api.catalogue import __version__

        typer.echo(f"archspec {__version__}")
        raise typer.Exit
