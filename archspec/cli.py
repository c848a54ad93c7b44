"""The commands: thin over the library, and quick to start.

Data goes to stdout, talk to stderr. Exit codes: 0 fine; 1 a check found a difference;
2 bad usage or a bad spec; 3 refused to overwrite; 4 an optional framework is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.errors import FileRefused, SpecError

if TYPE_CHECKING:
    from archspec.network import Network

# A command imports what it needs itself: `--help` needs nothing, `flops` no templates.

app = typer.Typer(
    help=(
        "One YAML file describes a neural network: archspec writes it as source for "
        "PyTorch and Keras, and counts what it costs.\n\n"
        "A SPEC is a path or the name of a bundled spec."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
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
Format = Literal["table", "json", "csv", "markdown"]


@contextmanager
def _faults_told() -> Generator[None]:
    """Turn the library's errors into text on stderr and an exit code."""
    try:
        yield
    except SpecError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except FileRefused as error:
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(3) from None


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.")
    ] = False,
) -> None:
    if version:
        from archspec import __version__

        typer.echo(f"archspec {__version__}")
        raise typer.Exit


@app.command()
def flops(
    specs: Specs,
    variant: Variants = None,
    override: Overrides = None,
    format: Annotated[
        Format, typer.Option(help="JSON is an object for one SPEC, a list for several.")
    ] = "table",
) -> None:
    """Count parameters, MACs and memory by layer."""
    with _faults_told():
        from archspec.elaboration import elaborate

        networks = [elaborate(spec, variant or (), override or ()) for spec in specs]
        typer.echo(_printed(networks, format), nl=False)


def _printed(networks: Sequence[Network], format: Format) -> str:
    from archspec.analysis.cost import cost_document
    from archspec.analysis.table import to_csv, to_markdown, to_text

    if format == "json":
        documents = [cost_document(network) for network in networks]
        return json.dumps(documents if documents[1:] else documents[0], indent=2) + "\n"
    if format == "csv":
        return to_csv(networks)
    printed: Callable[[Network], str] = to_text if format == "table" else to_markdown
    return "\n\n".join(map(printed, networks))


@app.command()
def generate(
    specs: MaybeSpecs = None,
    *,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="T", help="torch or keras; may be repeated; else all."),
    ] = None,
    variant: Variants = None,
    override: Overrides = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Default: generated; - is stdout."
        ),
    ] = None,
    all_variants: Annotated[
        bool, typer.Option("--all-variants", help="Every variant besides the base.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if files differ.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Write nothing; print what would change.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite edited and foreign files.")
    ] = False,
) -> None:
    """Write source for PyTorch and Keras.

    Each SPEC becomes DIR/TARGET/SPEC_VARIANT.py; with no SPEC, every bundled one does.
    A file that was edited, or that archspec did not write, is refused (exit code 3).
    """
    if variant and (all_variants or not specs):
        raise typer.BadParameter("--variant needs a SPEC, and no --all-variants")
    if override and output is None:
        raise typer.BadParameter("--set needs -o: the file's name does not tell of it")
    if output == "-" and (check or diff):
        raise typer.BadParameter("--check and --diff compare with files, not with -")
    with _faults_told():
        files = _rendered(specs, target, variant or (), override or (), all_variants)
        root = Path(output or "generated")
        if output == "-":
            typer.echo("\n\n".join(files.values()), nl=False)
        elif check or diff:
            _compare(files, root, check, diff)
        else:
            _write(files, root, force)


def _rendered(
    specs: Sequence[str] | None,
    targets: Sequence[str] | None,
    variants: Sequence[str],
    overrides: Sequence[str],
    all_variants: bool,
) -> dict[Path, str]:
    """The text of every file; all of them before the first is written."""
    from archspec.elaboration import elaborate
    from archspec.targets import TARGETS, render

    for name in targets or ():
        if name not in TARGETS:
            known = ", ".join(TARGETS)
            raise typer.BadParameter(f"there is no target '{name}'; there are: {known}")
    files: dict[Path, str] = {}
    origins: dict[str, str] = {}
    for spec, names in _chosen(specs, variants, all_variants):
        network = elaborate(spec, names, overrides)
        module = network.spec.module_name
        _check_meeting(origins, module, " ".join((spec, *names)))
        files |= {
            Path(t, f"{module}.py"): render(network, t) for t in targets or TARGETS
        }
    return files


def _chosen(
    specs: Sequence[str] | None, variants: Sequence[str], all_variants: bool
) -> Iterator[tuple[str, Sequence[str]]]:
    """Each spec with the variants to apply, once for every file."""
    from archspec.language import bundled_specs, variant_names

    for spec in specs or map(str, bundled_specs()):
        yield spec, variants
        for name in variant_names(spec) if all_variants else ():
            yield spec, (name,)


def _check_meeting(origins: dict[str, str], module: str, origin: str) -> None:
    """Two files may not meet, on disks that do not tell upper case from lower."""
    other = origins.setdefault(module.lower(), origin)
    if other != origin:
        message = f"'{other}' and '{origin}' would be the same file {module}.py"
        raise SpecError.single("AS506", message)


def _write(files: dict[Path, str], root: Path, force: bool) -> None:
    from archspec.targets.files import write_all

    written = write_all(files, root, force)
    for path in files:
        state = "wrote" if root / path in written else "unchanged"
        typer.echo(f"{state} {root / path}", err=True)


def _compare(files: dict[Path, str], root: Path, check: bool, diff: bool) -> None:
    from archspec.targets.files import compare

    differences = compare(files, root)
    for path, text in differences.items():
        typer.echo(f"differs: {path}", err=True)
        if diff:
            typer.echo(text, nl=False)
    if check and differences:
        raise typer.Exit(1)


@app.command()
def blocks(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", show_default=False)
    ] = None,
) -> None:
    """List the standard blocks, or show the YAML of one."""
    with _faults_told():
        from archspec.analysis.catalogue import block_source, block_summaries

        if name is not None:
            typer.echo(block_source(name), nl=False)
            return
        summaries = block_summaries()
        width = max(map(len, summaries))
        for block, summary in summaries.items():
            typer.echo(f"{block:<{width}}  {summary}")
