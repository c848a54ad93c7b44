"""`archspec report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import Overrides, Spec, Variants, force_option
from archspec.cli.printing import faults_told, noted


def report(
    spec: Spec,
    *,
    variant: Variants = None,
    override: Overrides = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Output file (default: SPEC_VARIANT.html) or - for stdout.",
        ),
    ] = None,
    force: Annotated[
        bool,
        force_option("a file that is no report, or edited"),
    ] = False,
) -> None:
    """Write an HTML report of a network: costs, plots, code and weights.

    The page is one file, which loads nothing and needs no network.

    Examples:
        archspec report mobilenetv2 -o report.html
        archspec report mobilenetv2 --variant 0.5_160
        archspec report net.yaml --set classes=10 -o - > report.html

    Exit codes:
        3: a file that is no report, or was edited, is in the way
    """
    if output is None and (override or spec == "-"):
        cause = "file names do not include it" if override else "it has no name"
        option = "--set" if override else "standard input"
        raise typer.BadParameter(f"{option} needs -o, because {cause}")
    with faults_told():
        (network,) = noted(spec, variant, override)
        page = network.report()
        if output == "-":
            typer.echo(page, nl=False)
            return
        from archspec.api.files import write_files

        path = Path(output or f"{network.spec.module_name}.html")
        written = write_files({Path(path.name): page.encode()}, path.parent, force)
        typer.echo(f"{'wrote' if written else 'unchanged'} {path}", err=True)
