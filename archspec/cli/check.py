"""`archspec check`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.cli.formats import Format, to_github, to_json, to_text
from archspec.cli.options import MaybeSpecs, Overrides, Variants, check_targets
from archspec.errors import MAX_DIAGNOSTICS

if TYPE_CHECKING:
    from archspec.checking import Checked


def check(
    specs: MaybeSpecs = None,
    *,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="T", help="torch or keras; default: both."),
    ] = None,
    variant: Variants = None,
    override: Overrides = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings fail, too (exit code 1).")
    ] = False,
    format: Annotated[
        Format,
        typer.Option(
            help="What stdout has besides: JSON (an object for one SPEC, a list for "
            "several), or the workflow commands of GitHub."
        ),
    ] = "text",
) -> None:
    """Tell all that is wrong with a spec, or looks so, and generate nothing.

    Each SPEC is read, elaborated and printed for each target, and so is each of its
    variants; with no SPEC, every bundled one. Exit code 2 for errors. `archspec explain
    CODE` tells more of each.
    """
    from archspec.reading import bundled_specs

    if variant and not specs:
        raise typer.BadParameter("--variant needs a SPEC")
    from archspec.checking import checked
    from archspec.targets import TARGETS

    check_targets(target or (), TARGETS)
    found: list[Checked] = []
    for spec in specs or [path.stem for path in bundled_specs()]:
        names = variant or (), override or ()
        found.append(checked(spec, *names, targets=target or TARGETS))
        _tell(found[-1], format)
    if format == "json":
        documents = [_document(one) for one in found]
        typer.echo(json.dumps(documents if documents[1:] else documents[0], indent=2))
    if any(one.errors for one in found):
        raise typer.Exit(2)
    if strict and any(one.warnings for one in found):
        raise typer.Exit(1)


def _tell(one: Checked, format: Format) -> None:
    """Diagnostics, at most twenty of a spec, and how many there are."""
    told = one.diagnostics[:MAX_DIAGNOSTICS]
    if told:
        typer.echo(to_text(told), err=True)
    if told and format == "github":
        typer.echo(to_github(told))
    typer.echo(_summary(one), err=True)


def _document(one: Checked) -> dict[str, object]:
    return {
        "spec": one.spec,
        "variants": list(one.variants),
        "errors": one.errors,
        "warnings": one.warnings,
        "diagnostics": [to_json(found) for found in one.diagnostics[:MAX_DIAGNOSTICS]],
    }


def _summary(one: Checked) -> str:
    counts = {"error": one.errors, "warning": one.warnings}
    found = ", ".join(_number(n, what) for what, n in counts.items() if n)
    variants = f" and {_number(len(one.variants), 'variant')}" if one.variants else ""
    return f"{one.spec}{variants}: {found or 'nothing to complain of'}"


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
