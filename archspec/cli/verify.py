"""`archspec verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.cli.beforehand import networks
from archspec.cli.options import Overrides, Seed, Specs, Variants, target_option
from archspec.cli.printing import faults_told, show, show_json
from archspec.cli.progress import progress_shown
from archspec.frameworks import FRAMEWORKS, SOURCES, usual_targets

if TYPE_CHECKING:
    from archspec.api.network import Report


def verify(
    specs: Specs,
    *,
    variant: Variants = None,
    override: Overrides = None,
    target: Annotated[
        list[str] | None, target_option(FRAMEWORKS, usual_targets())
    ] = None,
    train: Annotated[
        bool,
        typer.Option(
            "--train",
            help=f"Also compare gradients and an SGD step ({', '.join(SOURCES)}).",
        ),
    ] = False,
    seed: Seed = 0,
    seconds: Annotated[
        float,
        typer.Option(
            metavar="N", help="Time limit per run and target.", min=1, max=86_400
        ),
    ] = 300,
    format: Annotated[
        Literal["table", "json"],
        typer.Option(
            help="JSON is an object for one SPEC, a list for several.",
        ),
    ] = "table",
) -> None:
    """Build every target with the same weights and compare every layer.

    Weights are random. Runs the generated code, each target in a separate process, at
    an even and an odd input size, and reports the first layer that differs.

    Examples:
        archspec verify mobilenetv2
        archspec verify net.yaml --target torch,keras:jax --train

    Exit codes:
        1: a layer differs
        4: a framework is not installed
    """
    reports: list[Report] = []
    with faults_told(), progress_shown() as progress:
        from archspec.api.verifying import verify

        found = verify(
            [*networks(specs, variant, override)],
            target,
            train=train,
            seed=seed,
            seconds=seconds,
            progress=progress,
        )
        for report in found:
            reports.append(report)
            _tell(report, format)
    if format == "json":
        show_json([report.document() for report in reports])
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


def _tell(report: Report, format: str) -> None:
    """Print a table at once; JSON is one document at the end."""
    if format == "table":
        show(report.page)
        typer.echo()
