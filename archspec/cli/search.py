"""`archspec search`."""

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


def search(
    spec: Spec,
    *,
    minimise: Annotated[
        list[str] | None,
        typer.Option(
            "--minimise",
            "--minimize",
            metavar="FIGURE",
            help="To be as small as possible; several as A,B or repeated.",
            callback=split,
        ),
    ] = None,
    maximise: Annotated[
        list[str] | None,
        typer.Option(
            "--maximise",
            "--maximize",
            metavar="FIGURE",
            help="To be as large as possible; several as A,B or repeated.",
            callback=split,
        ),
    ] = None,
    most: Most = None,
    least: Least = None,
    grid: Grid = None,
    trials: Annotated[
        int,
        typer.Option(metavar="N", help="Points to try, earlier ones included.", min=1),
    ] = 1000,
    variant: Variants = None,
    override: Overrides = None,
    dtype: Dtype = "float32",
    objective: Annotated[
        str | None,
        typer.Option(
            metavar="FILE:FUNCTION",
            help="A Python function as a goal of its own name. It is called with the "
            "path of the generated module and the values, for points within the "
            "limits. This runs the file.",
        ),
    ] = None,
    target: Annotated[
        str,
        typer.Option(metavar="NAME", help="The framework of the generated module."),
    ] = "torch",
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="A journal file, the address of a database, or grpc://HOST:PORT. The "
            "search continues there, also on several machines at once.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of Optuna's study; default: the network's."),
    ] = None,
    sampler: Annotated[
        str, typer.Option(metavar="nsga2|tpe|random", help="Optuna's sampler.")
    ] = "nsga2",
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="For the same points again, with one job.", min=0
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(metavar="N", help="Processes.", min=1)] = 1,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Write the front as a spec with a variant for each point, and as CSV.",
        ),
    ] = None,
    force: Annotated[bool, force_option("files in DIR")] = False,
    format: TableFormat = "table",
) -> None:
    """Search the variants of a spec that are best in several figures.

    Prints the points that no other point beats in all of them.

    Examples:
        archspec search net.yaml --minimise macs --minimise peak_activation_bytes
        archspec search net.yaml --maximise parameters --max macs=50M
        archspec search net.yaml --minimise macs --trials 10000 --storage study.log
            --jobs 4 -o front/
        archspec search net.yaml --objective train.py:score --maximise score
            --max litert_arena_bytes=256Ki --dtype int8

    Exit codes:
        3: a file exists; --force overwrites it
        4: optuna is not installed
    """
    with faults_told():
        from archspec.api.searching import search

        with bar_shown() as progress:
            found = search(
                spec,
                grid or (),
                minimise=minimise or (),
                maximise=maximise or (),
                max=most or (),
                min=least or (),
                trials=trials,
                variant=variant or (),
                set=override or (),
                dtype=dtype,
                objective=objective,
                target=target,
                storage=storage,
                name=name,
                sampler=sampler,
                seed=seed,
                jobs=jobs,
                progress=progress,
            )
        if output is not None:
            found.save(output, force=force)
        if output is None or format == "json":
            show_as(found, format)
        tell_note(found.summary)
