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
    from archspec.verification import Report


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
        float, typer.Option(help="The time limit of one run in one target.", min=1)
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
    chosen = _targets(targets)
    if train and not {"torch", "keras"} <= {*chosen}:
        raise typer.BadParameter("--train compares torch with keras: both are needed")
    with faults_told(), _progress() as progress:
        from archspec.verification import Verifier

        with Verifier(chosen, seconds, progress=progress) as verifier:
            reports = [
                verifier.verify(spec, variant or (), override or (), seed, train)
                for spec in specs
            ]
    typer.echo(_printed(reports, format), nl=False)
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


def _printed(reports: Sequence[Report], format: str) -> str:
    from archspec.verification.text import to_text

    if format == "table":
        return "\n".join(map(to_text, reports))
    documents = [report.document() for report in reports]
    return json.dumps(documents if documents[1:] else documents[0], indent=2) + "\n"


def _targets(listed: str) -> list[str]:
    from archspec.runtime.session import FRAMEWORKS

    chosen = list(dict.fromkeys(name.strip() for name in listed.split(",")))
    for name in chosen:
        if name not in FRAMEWORKS:
            known = ", ".join(FRAMEWORKS)
            raise typer.BadParameter(f"there is no target '{name}'; there are: {known}")
    return chosen


@contextmanager
def _progress() -> Generator[Callable[[str], None]]:
    """Say on a terminal what is being done."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield status.update
