"""What several commands share: their options, and how faults are told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer

from archspec.errors import Diagnosed, FileRefused, FrameworkMissing

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
Seed = Annotated[int, typer.Option(help="Of the random numbers.", min=0)]


@contextmanager
def faults_told() -> Generator[None]:
    """Turn the library's errors into text on stderr and an exit code."""
    try:
        yield
    except Diagnosed as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except FileRefused as error:
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(3) from None
    except FrameworkMissing as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(4) from None
