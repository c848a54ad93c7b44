"""`archspec sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import (
    Dtype,
    Grid,
    Least,
    Most,
    Overrides,
    Spec,
    TableFormat,
    Variants,
    force_option,
    split,
)
from archspec.cli.printing import faults_told, show_as, tell_note
from archspec.cli.progress import bar_shown


def sweep(
    spec: Spec,
    *,
    grid: Grid = None,
    variant: Variants = None,
    override: Overrides = None,
    most: Most = None,
    least: Least = None,
    figures: Annotated[
        list[str] | None,
        typer.Option(
            "--figures",
            metavar="NAME",
            help="The columns; several as A,B or repeated.",
            callback=split,
        ),
    ] = None,
    front: Annotated[
        list[str] | None,
        typer.Option(
            "--front",
            metavar="FIGURES",
            help="Mark the points that no other beats, such as macs,parameters; "
            "figures are to be small, or large as macs:max.",
            callback=split,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the front as .svg, .png or .pdf."),
    ] = None,
    dtype: Dtype = "float32",
    jobs: Annotated[
        int, typer.Option(metavar="N", help="Processes; -1 for one per core.")
    ] = 1,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write .csv or .parquet; after an interrupt, continue.",
        ),
    ] = None,
    force: Annotated[bool, force_option("files, begin anew")] = False,
    format: TableFormat = "table",
) -> None:
    """Count every combination of some values of a spec.

    PATH is as in --set. Combinations that are no network are listed with the reason.

    Examples:
        archspec sweep mobilenetv2 --grid multipliers.width=0.25:1.5:0.05
        archspec sweep mobilenetv2 --grid multipliers.resolution=96/224,128/224,1
        archspec sweep net.yaml --grid layers.stages.rows.c4.n=2,3,4 --max macs=300M
        archspec sweep net.yaml --grid classes=10,100 --jobs 2 -o sweep.csv
        archspec sweep mobilenetv2 --grid multipliers.width=0.25:1.5:0.05
            --grid input.size=96:224:16 --front macs,parameters --plot front.svg

    Exit codes:
        3: a file exists; --force overwrites it
        4: joblib (--jobs), pyarrow (.parquet) or matplotlib (--plot) is missing
    """
    with faults_told():
        from archspec.api.sweeping import sweep

        with bar_shown() as progress:
            found = sweep(
                spec,
                grid or (),
                variant=variant or (),
                set=override or (),
                figures=figures,
                max=most or (),
                min=least or (),
                front=front or (),
                dtype=dtype,
                jobs=jobs,
                output=output,
                force=force,
                progress=progress,
            )
        if plot is not None:
            found.plot(plot, force=force)
        if output is None or format == "json":
            show_as(found, format)
        tell_note(found.summary)
