"""Options of several commands, and error reporting."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from archspec.errors import (
    Diagnosed,
    FileRefused,
    FrameworkMissing,
    InvalidArgument,
    optional_packages,
    printable,
)

Specs = Annotated[list[str], typer.Argument(metavar="SPEC", show_default=False)]
MaybeSpecs = Annotated[
    list[str] | None, typer.Argument(metavar="SPEC", show_default=False)
]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--variant", metavar="V", help="Apply a variant; several compose in order."
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=C", help="Change one value, read as YAML."),
]
Seed = Annotated[int, typer.Option(help="Random seed.", min=0)]


def as_json(documents: Sequence[Any]) -> str:
    """An object for one SPEC, a list for several."""
    return json.dumps(documents if documents[1:] else documents[0], indent=2)


def tell_note(note: str) -> None:
    """Print a note to stderr, if there is one."""
    if note:
        typer.echo(printable(f"note: {note}"), err=True)


@contextmanager
def faults_told() -> Generator[None]:
    """Report the library's errors on stderr, with their exit codes."""
    try:
        with optional_packages():
            yield
    except InvalidArgument as error:
        raise typer.BadParameter(str(error)) from None
    except Diagnosed as error:
        for note in getattr(error, "__notes__", ()):
            tell_note(note)
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except FileRefused as error:
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(3) from None
    except FrameworkMissing as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(4) from None
