"""`archspec draw`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from archspec.cli.beforehand import networks
from archspec.cli.options import Overrides, Specs, Variants, force_option
from archspec.cli.printing import faults_told


def draw(
    specs: Specs,
    *,
    variant: Variants = None,
    override: Overrides = None,
    share: Annotated[
        Literal["macs", "parameters"],
        typer.Option(help="What percentages and bars of boxes show."),
    ] = "macs",
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="A file.svg, .html, .mmd (Mermaid) or .dot (Graphviz), or - for SVG "
            "to stdout (default).",
            show_default=False,
        ),
    ] = "",
    force: Annotated[bool, force_option("a file that is no picture")] = False,
) -> None:
    """Draw a network, with the wiring of its blocks.

    Of two networks, the picture marks what the second adds, removes and changes.
    Blocks unfold in HTML.

    Examples:
        archspec draw mobilenetv2 -o net.svg
        archspec draw net.yaml --variant wide --share parameters -o net.html
        archspec draw mobilenetv2 mobilenetv2@0.5_160 -o difference.svg
        archspec draw unet -o unet.mmd

    Exit codes:
        3: FILE exists, and archspec draw did not write it
    """
    with faults_told():
        from archspec.api.drawing import format_of, write

        path = None if output in ("", "-") else Path(output)
        format = format_of(path)
        found = [*networks(specs, variant, override)]
        if len(found) > 2:
            message = f"a picture shows one network or two, found {len(found)}"
            raise typer.BadParameter(message)
        if not output and sys.stdout.isatty():
            message = "-o is missing: name the file to write, such as -o net.svg"
            raise typer.BadParameter(message)
        *before, network = found
        compared_with = before[0] if before else None
        picture = network.draw(format, share=share, compared_with=compared_with)
        if path is None:
            typer.echo(picture, nl=False)
        else:
            write(picture, path, force=force)
            typer.echo(f"wrote {path}", err=True)
