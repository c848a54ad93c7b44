"""Options of several commands, and error reporting."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from archspec.cli import colour, completion
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
    from archspec.api.network import Network
    from archspec.errors import Diagnostic


def split(values: list[str] | None) -> list[str] | None:
    """The values of a repeatable option, which may also be separated by commas."""
    names = [name.strip() for value in values or () for name in value.split(",")]
    return names or None


_SPEC = (
    "A path such as net.yaml, the name of a bundled spec such as mobilenetv2, or - for "
    "standard input."
)

Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC", show_default=False, help=_SPEC, autocompletion=completion.specs
    ),
]
Specs = Annotated[
    list[str],
    typer.Argument(
        metavar="SPEC", show_default=False, help=_SPEC, autocompletion=completion.specs
    ),
]
MaybeSpecs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SPEC", show_default=False, help=_SPEC, autocompletion=completion.specs
    ),
]
Bundled = Annotated[
    bool, typer.Option("--bundled", help="Take every bundled spec, before each SPEC.")
]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--variant",
        metavar="NAME",
        help="Apply a variant; several (A,B or repeated) compose in order.",
        callback=split,
        autocompletion=completion.variants,
    ),
]


def target_option(names: Iterable[str], default: Iterable[str]) -> Any:
    """`--target`, which every command takes alike."""

    def complete(incomplete: str) -> completion.Found:
        return completion.starting(incomplete, names)

    return typer.Option(
        "--target",
        metavar="NAME",
        help=f"Of {', '.join(names)}; several as A,B or repeated. "
        f"Default: {', '.join(default)}.",
        callback=split,
        autocompletion=complete,
    )


Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="A.B=VALUE",
        help="Change one value, read as YAML; repeatable. A.B=~ removes it.",
        autocompletion=completion.settings,
    ),
]
Format = Annotated[
    Literal["text", "json"],
    typer.Option(metavar="text|json", help="--json is short for --format json."),
]
TableFormat = Annotated[
    Literal["table", "json", "csv", "markdown"],
    typer.Option(
        metavar="table|json|csv|markdown",
        help="JSON is an object for one SPEC, a list for several.",
    ),
]
AllVariants = Annotated[
    bool, typer.Option("--all-variants", help="Also take every variant of SPEC.")
]
Dtype = Annotated[
    Literal["float32", "float16", "int8"],
    typer.Option(
        metavar="float32|float16|int8",
        help="The type of weights and activations at inference.",
    ),
]
CounterName = Annotated[
    Literal["archspec", "torch", "fvcore", "ptflops", "thop", "torchinfo", "keras"],
    typer.Option(
        metavar="archspec|torch|fvcore|ptflops|thop|torchinfo|keras",
        help="Print what another tool counts for the generated module.",
    ),
]
Grid = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH=VALUES",
        help="Values of a path, as A,B or START:END:STEP, besides those in the spec's "
        "'search'; repeatable.",
        autocompletion=completion.settings,
    ),
]
Most = Annotated[
    list[str] | None,
    typer.Option(
        "--max",
        metavar="FIGURE=N",
        help="An upper bound of points, such as macs=300M.",
    ),
]
Least = Annotated[
    list[str] | None,
    typer.Option("--min", metavar="FIGURE=N", help="A lower bound of points."),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Random seed.", min=0)]


def force_option(what: str) -> Any:
    """`--force`, and what it overwrites."""
    return typer.Option("--force", help=f"Overwrite {what}.")


ForceGenerated = Annotated[
    bool, force_option("files that were edited or not generated")
]


def chosen(specs: Sequence[str] | None, bundled: bool) -> list[str]:
    """Each SPEC, after the bundled ones with `--bundled`."""
    from archspec.api.specs import bundled_specs

    return [*(bundled_specs() if bundled else ()), *(specs or ())]


def as_json(documents: Sequence[Any], *, several: bool = False) -> str:
    """An object for one SPEC, a list for several."""
    several = several or len(documents) != 1
    return json.dumps(documents if several else documents[0], indent=2)


def overview(
    networks: Sequence[Network], format: str, counter: CounterName = "archspec"
) -> str:
    """A line for each network."""
    if format == "json":
        return as_json([network.totals(counter) for network in networks]) + "\n"
    from archspec.api.counting import overview

    return overview(networks, "text" if format == "table" else format, counter)


def show(printed: str, format: str = "table") -> None:
    """Print what a command found; on a terminal, tables fit its width."""
    if format != "table":
        typer.echo(printed, nl=False)
    elif colour.is_terminal(sys.stdout):
        from archspec.cli import tables

        tables.show(printed, colour=colour.wanted(sys.stdout))
    else:
        typer.echo(colour.table(printed), nl=False, color=True)


def tell(message: str) -> None:
    """Print errors, warnings and notes to stderr."""
    typer.echo(colour.message(message), err=True, color=True)


def tell_note(note: str) -> None:
    """Print a note to stderr, if there is one."""
    if note:
        tell(printable(f"note: {note}"))


def noted(spec: str, found: Iterable[Network]) -> Iterator[Network]:
    """The networks of a spec; at the end, the number of warnings about them."""
    warnings: set[Diagnostic] = set()
    for network in found:
        yield network
        warnings |= {*network.warnings()}
    if warnings:
        number = f"{len(warnings)} warning{'s' * (len(warnings) > 1)}"
        tell_note(f"{number}: run archspec check {spec}")


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


@contextmanager
def progress_shown() -> Generator[Callable[[str], None]]:
    """Show the current step on a terminal."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}")
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda text: progress.update(task, description=text)


@contextmanager
def bar_shown() -> Generator[Callable[[int, int], None]]:
    """Show how much of long work is done on a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    console = Console(stderr=True)
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True
    ) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
