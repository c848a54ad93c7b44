"""`archspec draw`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from archspec.cli.beforehand import loaded
from archspec.cli.options import Overrides, Spec, Variants, faults_told


def draw(
    spec: Spec,
    *,
    variant: Variants = None,
    override: Overrides = None,
    share: Annotated[
        Literal["macs", "parameters"],
        typer.Option(
            metavar="macs|parameters", help="What percentages and bars of boxes show."
        ),
    ] = "macs",
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="FILE", help="A file.svg; by default stdout."),
    ] = None,
) -> None:
    """Draw a network, with the wiring of its blocks.

    Examples:
        archspec draw mobilenetv2 -o net.svg
        archspec draw net.yaml --variant wide --share parameters > net.svg
    """
    with faults_told():
        from archspec.api.drawing import format_of, write

        format = format_of(output)
        picture = loaded(spec, variant, override).draw(format, share=share)
        if output is not None:
            write(picture, output)
            return
        if sys.stdout.isatty():
            message = (
                "-o is missing: a picture is not for a terminal, such as -o net.svg"
            )
            raise typer.BadParameter(message)
        typer.echo(picture, nl=False)
