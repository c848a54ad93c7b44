"""`archspec bench`."""

from __future__ import annotations

from typing import Annotated

import typer

from archspec.cli.beforehand import networks
from archspec.cli.options import Overrides, Specs, TableFormat, Variants, target_option
from archspec.cli.printing import faults_told, show, show_json
from archspec.cli.progress import progress_shown
from archspec.frameworks import FRAMEWORKS


def bench(
    specs: Specs,
    *,
    variant: Variants = None,
    override: Overrides = None,
    target: Annotated[list[str] | None, target_option(FRAMEWORKS, ["torch"])] = None,
    fold: Annotated[
        bool, typer.Option("--fold-batch-norm", help="Fold batch norm for inference.")
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Threads of a process. Default: one for each processor.",
            min=1,
        ),
    ] = None,
    batch: Annotated[
        int, typer.Option(metavar="N", help="Images in a run.", min=1)
    ] = 1,
    rounds: Annotated[
        int, typer.Option(metavar="N", help="How often each is measured.", min=1)
    ] = 30,
    seconds: Annotated[
        float, typer.Option(metavar="N", help="Time limit per run.", min=1, max=86_400)
    ] = 300,
    summary: Annotated[
        bool, typer.Option("--summary", help="Leave out the layers.")
    ] = False,
    format: TableFormat = "table",
) -> None:
    """Measure on this machine where the time of a network goes.

    Runs the generated code with random weights, each network and target in a separate
    process, in rounds that take turns. Layers have times with torch and onnx. Memory is
    their bound if they have fewer MACs per byte than this machine can do while it moves
    a byte: a large product of matrices and a large copy are measured beside them.

    Examples:
        archspec bench mobilenetv2
        archspec bench mobilenetv2 --target torch,onnx --fold-batch-norm --threads 1
        archspec bench mobilenetv2 mobilenetv3_large --summary

    Exit codes:
        4: a framework is not installed
    """
    with faults_told():
        found = [*networks(specs, variant, override)]
        chosen = [each.fold_batch_norm() for each in found] if fold else found
        with progress_shown() as progress:
            from archspec.api.benching import bench, to_csv

            measured = bench(
                chosen,
                target or ["torch"],
                threads=threads,
                batch=batch,
                rounds=rounds,
                seconds=seconds,
                progress=progress,
            )
        if format == "json":
            show_json([each.document() for each in measured])
        elif format == "csv":
            typer.echo(to_csv(measured), nl=False)
        else:
            pages = [each.page(summary=summary) for each in measured]
            show(*pages, format=format, gap="\n")
