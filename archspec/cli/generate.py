"""`archspec generate`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import MaybeSpecs, Overrides, Variants, faults_told
from archspec.errors import SpecError


def generate(
    specs: MaybeSpecs = None,
    *,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="T", help="torch or keras; may be repeated; else all."),
    ] = None,
    variant: Variants = None,
    override: Overrides = None,
    fold_batch_norm: Annotated[
        bool,
        typer.Option(
            "--fold-batch-norm", help="For inference alone; writes SPEC_folded.py."
        ),
    ] = False,
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
    with faults_told():
        names = variant or (), override or ()
        files = _rendered(specs, target, *names, all_variants, fold=fold_batch_norm)
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
    *,
    fold: bool,
) -> dict[Path, str]:
    """The text of every file; all of them before the first is written."""
    from archspec.elaboration import elaborate
    from archspec.elaboration.fold import folded
    from archspec.targets import TARGETS, render

    for name in targets or ():
        if name not in TARGETS:
            known = ", ".join(TARGETS)
            raise typer.BadParameter(f"there is no target '{name}'; there are: {known}")
    files: dict[Path, str] = {}
    origins: dict[str, str] = {}
    for spec, names in _chosen(specs, variants, all_variants):
        network = elaborate(spec, names, overrides)
        network = folded(network) if fold else network
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
