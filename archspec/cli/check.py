"""`archspec check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from archspec.cli.beforehand import chosen, expanded
from archspec.cli.formats import Format, to_github, to_json, to_text
from archspec.cli.options import Bundled, MaybeSpecs, Overrides, Variants, target_option
from archspec.cli.printing import faults_told, show_json, tell
from archspec.errors import MAX_DIAGNOSTICS
from archspec.frameworks import SOURCES

if TYPE_CHECKING:
    from archspec.api.checking import Findings


def check(
    specs: MaybeSpecs = None,
    *,
    target: Annotated[list[str] | None, target_option(SOURCES, SOURCES)] = None,
    variant: Variants = None,
    override: Overrides = None,
    bundled: Bundled = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 on warnings.")
    ] = False,
    format: Annotated[
        Format,
        typer.Option(
            help="Also print JSON (an object for one SPEC, a list for several) or "
            "GitHub workflow commands to stdout.",
        ),
    ] = "text",
) -> None:
    """Report errors and warnings in a spec.

    Checks each SPEC and its variants for every target. A folder stands for the specs in
    it, and without SPEC the current folder is checked. `archspec explain CODE` explains
    each error.

    Examples:
        archspec check
        archspec check net.yaml
        archspec check net.yaml --strict --format github

    Exit codes:
        1: a warning was reported, with --strict
    """
    if variant and not specs:
        raise typer.BadParameter("--variant needs a SPEC")
    found: list[Findings] = []
    with faults_told():
        from archspec.api import checking

        for spec in expanded(chosen(specs, bundled) or ["."]):
            names = {"variant": variant or (), "set": override or ()}
            one = checking.check(spec, **names, targets=target)
            found.append(one)
            _tell(one, format)
    if format == "json":
        several = [one.spec for one in found] != specs
        show_json([_document(one) for one in found], several=several)
    if any(one.errors for one in found):
        raise typer.Exit(2)
    if strict and any(one.warnings for one in found):
        raise typer.Exit(1)


def _tell(one: Findings, format: Format) -> None:
    """Print at most twenty diagnostics of a spec, and their number."""
    told = one[:MAX_DIAGNOSTICS]
    if told:
        tell(to_text(told))
    if told and format == "github":
        typer.echo(to_github(told))
    typer.echo(_summary(one), err=True)


def _document(one: Findings) -> dict[str, object]:
    return {
        "spec": one.spec,
        "variants": one.variants,
        "errors": one.errors,
        "warnings": one.warnings,
        "notes": one.notes,
        "diagnostics": [to_json(found) for found in one[:MAX_DIAGNOSTICS]],
    }


def _summary(one: Findings) -> str:
    from archspec.tables import counted

    counts = {"error": one.errors, "warning": one.warnings, "note": one.notes}
    found = ", ".join(counted(n, what) for what, n in counts.items() if n)
    variants = f" and {counted(len(one.variants), 'variant')}" if one.variants else ""
    return f"{one.spec}{variants}: {found or 'no problems found'}"
