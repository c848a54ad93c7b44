"""`archspec watch`."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archspec.cli.formats import to_json
from archspec.cli.options import (
    ForceGenerated,
    Format,
    Overrides,
    Spec,
    Variants,
    target_option,
)
from archspec.cli.printing import faults_told, show, tell, tell_error
from archspec.errors import Diagnosed
from archspec.frameworks import SOURCES

if TYPE_CHECKING:
    from archspec.api.watching import Update


def watch(
    spec: Spec,
    *,
    target: Annotated[list[str] | None, target_option(SOURCES, SOURCES)] = None,
    variant: Variants = None,
    override: Overrides = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Output folder (default: generated).",
        ),
    ] = None,
    force: ForceGenerated = False,
    format: Format = "text",
) -> None:
    """Generate source again at every save, and show how totals change.

    Also watches the files that the spec extends. While the spec has errors, reports
    them and leaves the generated files as they are. Ctrl-C stops. JSON is an object per
    line.

    Examples:
        archspec watch net.yaml --target torch
        archspec watch net.yaml --variant half -o build

    Exit codes:
        130: stopped by Ctrl-C
    """
    if spec == "-":
        raise typer.BadParameter("SPEC must be a file, which can be saved")
    if override and output is None:
        raise typer.BadParameter("--set needs -o, because file names do not include it")
    with faults_told():
        from archspec.api.watching import watch

        updates = watch(
            spec,
            target or SOURCES,
            variant=variant or (),
            set=override or (),
            output=output or "generated",
            force=force,
        )
        tell_one = _print_json if format == "json" else partial(_tell, spec)
        for update in updates:
            tell_one(update)


def _tell(spec: str, update: Update) -> None:
    """Print totals to stdout, files and errors to stderr."""
    if not update.is_first:
        tell(f"\n{time.strftime('%H:%M:%S')} {spec}")
    if update.error is not None:
        tell_error(update.error)
    for path, state in update.files.items():
        tell(f"{state} {path}")
    if update.figures:
        typer.echo()
        show(update.page)
    if update.is_first:
        tell(f"\nwatching {spec}; Ctrl-C stops")


def _print_json(update: Update) -> None:
    """Print a line; `echo` flushes it."""
    typer.echo(json.dumps(_document(update)))


def _document(update: Update) -> dict[str, Any]:
    error = update.error
    found = error.diagnostics if isinstance(error, Diagnosed) else ()
    return {
        "figures": update.figures or None,
        "before": update.before or None,
        "files": {str(path): state for path, state in update.files.items()},
        "error": None if error is None else str(error),
        "diagnostics": [to_json(one) for one in found],
    }
