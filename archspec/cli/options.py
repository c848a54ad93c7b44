"""Options of several commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

import typer

from archspec.cli import completion


def split(values: list[str] | None) -> list[str] | None:
    """The values of a repeatable option, which may also be separated by commas."""
    names = [name.strip() for value in values or () for name in value.split(",")]
    return names or None


def argument(metavar: str, help: str, completed: Callable[..., Any]) -> Any:
    """An argument, and what completes it."""
    return typer.Argument(
        metavar=metavar, show_default=False, help=help, autocompletion=completed
    )


_SPEC = argument(
    "SPEC",
    "A path such as net.yaml, the name of a bundled spec such as mobilenetv2, or - for "
    "standard input. SPEC@VARIANT is a variant.",
    completion.specs,
)

Spec = Annotated[str, _SPEC]
Specs = Annotated[list[str], _SPEC]
MaybeSpecs = Annotated[list[str] | None, _SPEC]
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
    typer.Option(help="--json is short for --format json."),
]
TableFormat = Annotated[
    Literal["table", "json", "csv", "markdown"],
    typer.Option(
        help="JSON is an object for one SPEC, a list for several.",
    ),
]
AllVariants = Annotated[
    bool, typer.Option("--all-variants", help="Also take every variant of SPEC.")
]
Dtype = Annotated[
    Literal["float32", "float16", "int8"],
    typer.Option(
        help="The type of weights and activations at inference.",
    ),
]
CounterName = Annotated[
    Literal["archspec", "torch", "fvcore", "ptflops", "thop", "torchinfo", "keras"],
    typer.Option(
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
