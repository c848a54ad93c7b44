"""`archspec verify`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.cli.options import Overrides, Seed, Specs, Variants, faults_told

if TYPE_CHECKING:
    from archspec.verification import Report, Verifier


def verify(
    specs: Specs,
    *,
    variant: Variants = None,
    override: Overrides = None,
    targets: Annotated[
        str,
        typer.Option(
            metavar="T,U",
            help="Of torch, keras, keras:jax, keras:torch and onnx.",
        ),
    ] = "torch,keras,onnx",
    train: Annotated[
        bool,
        typer.Option(
            "--train", help="Compare gradients and a step of SGD, too (torch, keras)."
        ),
    ] = False,
    seed: Seed = 0,
    seconds: Annotated[
        float,
        typer.Option(help="The limit of one run in one target.", min=1, max=86_400),
    ] = 300,
    format: Annotated[
        Literal["table", "json"],
        typer.Option(help="JSON is an object for one SPEC, a list for several."),
    ] = "table",
) -> None:
    """Build every target, share random weights, and compare what comes out.

    This runs the generated code, each target in a process of its own. Counts must be
    equal, and outputs of every layer, at an even and an odd size; the first layer that
    differs is named. Exit code 1 if anything differs.
    """
    chosen = [name.strip() for name in targets.split(",")]
    reports: list[Report] = []
    with faults_told(), _verifier(chosen, seconds) as verifier:
        for spec in specs:
            found = verifier.verify(spec, variant or (), override or (), seed, train)
            reports.append(found)
            _tell(found, format)
    if format == "json":
        documents = [report.document() for report in reports]
        typer.echo(json.dumps(documents if documents[1:] else documents[0], indent=2))
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


@contextmanager
def _verifier(targets: Sequence[str], seconds: float) -> Generator[Verifier]:
    from archspec.verification import Verifier

    with (
        _progress() as progress,
        Verifier(targets, seconds, progress=progress) as found,
    ):
        yield found


def _tell(report: Report, format: str) -> None:
    """A table as soon as it is known; JSON is one document."""
    from archspec.verification.text import to_text

    if format == "table":
        typer.echo(to_text(report))


@contextmanager
def _progress() -> Generator[Callable[[str], None]]:
    """Say on a terminal what is being done."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield status.update
