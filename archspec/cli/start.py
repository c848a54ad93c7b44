"""`archspec init`."""

from __future__ import annotations

from typing import Annotated

import typer

from archspec.cli import completion
from archspec.cli.options import Format, Overrides, Variants
from archspec.cli.printing import faults_told, show_json, tell


def init(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            show_default=False,
            help="Write NAME.yaml, or a path; the network is called after it. "
            "Default: net, or the name of the bundled spec.",
        ),
    ] = "",
    *,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="SPEC",
            show_default=False,
            help="Copy a bundled spec, with its comments, instead.",
            autocompletion=completion.bundled,
        ),
    ] = "",
    variant: Variants = None,
    override: Overrides = None,
    format: Format = "text",
) -> None:
    """Write a spec to start from: a small network, or a bundled one.

    The comments of the small network explain the language. A copy of a bundled spec
    keeps its comments, and has the changes of --variant and --set merged in.

    Examples:
        archspec init
        archspec init my_net --from mobilenetv2
        archspec init tiny --from mobilenetv2 --variant 0.35_96

    Exit codes:
        3: the file exists; it is never overwritten
    """
    if (variant or override) and not source:
        raise typer.BadParameter("--variant and --set need --from")
    with faults_told():
        from archspec.api.starting import start

        started = start(name, source=source, variant=variant or (), set=override or ())
    if format == "json":
        document = {"path": str(started.path), "name": started.name}
        show_json([document | {"next": [*started.next]}])
        return
    width = max(map(len, started.next))
    lines = (f"  {line:<{width}}  # {what}" for line, what in started.next.items())
    tell("\n".join([f"wrote {started.path}; next:", *lines]))
