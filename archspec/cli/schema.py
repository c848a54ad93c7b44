"""`archspec schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import force_option
from archspec.cli.printing import faults_told


def schema(
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write a file.", show_default=False
        ),
    ] = None,
    force: Annotated[bool, force_option("a file that differs")] = False,
) -> None:
    """Print the JSON Schema of specs, for editors.

    It describes every key, primitive and standard block of this version of archspec.
    docs/editors.md shows how editors find it.

    Examples:
        archspec schema
        archspec schema -o archspec.schema.json
    """
    with faults_told():
        from archspec.api.schema import schema as made

        text = json.dumps(made(), indent=1, ensure_ascii=False) + "\n"
        if output is None:
            typer.echo(text, nl=False)
            return
        from archspec.api.files import write_files

        write_files({Path(output.name): text}, output.parent, force)
        typer.echo(f"wrote {output}", err=True)
