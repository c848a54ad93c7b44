"""What several commands share: their options, and how faults are told."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.errors import (
    EXTRAS,
    Diagnosed,
    FileRefused,
    FrameworkMissing,
    needed,
    printable,
)

if TYPE_CHECKING:
    from archspec.network import Network

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
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        typer.echo(f"error: {FrameworkMissing(package)}", err=True)
        raise typer.Exit(4) from None


def check_targets(targets: Sequence[str], known: Sequence[str]) -> None:
    """Raise typer.BadParameter for a target that there is not."""
    for name in targets:
        if name not in known:
            listed = ", ".join(known)
            message = f"there is no target '{name}'; there are: {listed}"
            raise typer.BadParameter(message)
    if "onnx" in targets:
        needed("onnx")


def note_origin(file: Path, network: Network) -> None:
    """Say so where canonical weights were made for another spec."""
    from archspec.weights import canonical

    said, own = canonical.metadata(file), canonical.origin(network)
    if said.get("archspec") != canonical.FORMAT or said == own:
        return
    was, now = (f"{of.get('spec')} {of.get('variant')}".strip() for of in (said, own))
    other = f"{was} with other settings" if was == now else was
    text = f"note: these weights were made for {other}"
    typer.echo(printable(text), err=True)
