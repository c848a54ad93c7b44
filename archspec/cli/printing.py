"""What commands print: data on stdout, messages on stderr, errors with exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from archspec.cli import colour
from archspec.cli.beforehand import networks
from archspec.errors import (
    ArchspecError,
    Diagnosed,
    FileRefused,
    FrameworkMissing,
    InvalidArgument,
    optional_packages,
    printable,
)

if TYPE_CHECKING:
    from archspec.api.network import Counter, Network
    from archspec.api.results import Result
    from archspec.errors import Diagnostic
    from archspec.tables import Page


def show(*pages: Page, format: str = "table", gap: str = "\n\n") -> None:
    """Print pages; on a terminal, tables fit its width."""
    is_terminal, has_colours = colour.is_terminal(sys.stdout), colour.wanted(sys.stdout)
    for number, page in enumerate(pages):
        typer.echo(gap * (number > 0), nl=False)
        if format != "table" or not (is_terminal or has_colours):
            typer.echo(page.to(format), nl=False)
            continue
        from archspec.cli import terminal

        terminal.show(page, colour=has_colours, is_terminal=is_terminal)


def show_as(found: Result, format: str) -> None:
    """Print what a command found in a format."""
    if format == "table":
        show(found.page)
    else:
        typer.echo(found.to(format), nl=False)


def show_overview(
    networks: Sequence[Network], format: str, counter: Counter = "archspec"
) -> None:
    """Print a line for each network."""
    if format == "json":
        show_json([network.totals(counter) for network in networks])
        return
    from archspec.api.counting import overview_page

    show(overview_page(networks, counter), format=format)


def show_json(documents: Sequence[Any], *, several: bool = False) -> None:
    """Print an object for one SPEC, a list for several."""
    several = several or len(documents) != 1
    typer.echo(json.dumps(documents if several else documents[0], indent=2))


def tell(message: str) -> None:
    """Print errors, warnings and notes to stderr."""
    typer.echo(colour.message(message), err=True, color=True)


def tell_note(note: str) -> None:
    """Print a note to stderr, if there is one."""
    if note:
        tell(printable(f"note: {note}"))


def noted(
    spec: str,
    variant: Sequence[str] | None,
    override: Sequence[str] | None,
    all_variants: bool = False,
) -> Iterator[Network]:
    """The networks of a spec; at the end, the number of warnings about them."""
    warnings: set[Diagnostic] = set()
    for network in networks([spec], variant, override, all_variants):
        yield network
        warnings |= {*network.warnings()}
    if warnings:
        from archspec.tables import counted

        tell_note(f"{counted(len(warnings), 'warning')}: run archspec check {spec}")


_ERRORS = (
    (Diagnosed, 2, ""),
    (FileRefused, 3, "refused: "),
    (FrameworkMissing, 4, "error: "),
)
"""Kinds of errors with their exit codes, and what precedes their messages."""


@contextmanager
def faults_told() -> Generator[None]:
    """Report the library's errors on stderr, with their exit codes."""
    try:
        with optional_packages():
            yield
    except InvalidArgument as error:
        raise typer.BadParameter(str(error)) from None
    except ArchspecError as error:
        raise typer.Exit(tell_error(error)) from None
    except KeyboardInterrupt:
        if colour.is_terminal(sys.stderr):
            typer.echo(err=True)  # below the ^C
        raise


def tell_error(error: ArchspecError) -> int:
    """Print an error of the library to stderr; returns its exit code."""
    for note in getattr(error, "__notes__", ()):
        tell_note(note)
    for kind, code, mark in _ERRORS:
        if isinstance(error, kind):
            tell(f"{mark}{error}")
            return code
    raise error
