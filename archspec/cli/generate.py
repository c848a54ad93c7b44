"""`archspec generate`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from archspec.beforehand import network_of
from archspec.cli.options import (
    MaybeSpecs,
    Overrides,
    Variants,
    check_targets,
    faults_told,
    note_origin,
)
from archspec.errors import SpecError

if TYPE_CHECKING:
    from archspec.network import Network
    from archspec.targets.files import Content


def generate(
    specs: MaybeSpecs = None,
    *,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="T",
            help="torch, keras or onnx, or several; else torch, keras.",
        ),
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
    templates: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Your own, before the bundled ones: DIR/TARGET/*.jinja. They are run.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For onnx: canonical weights, safetensors."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="For onnx: draw weights; default: 0."),
    ] = None,
) -> None:
    """Write source for PyTorch and Keras, or models for ONNX.

    Each SPEC becomes DIR/TARGET/SPEC_VARIANT.py; with no SPEC, every bundled one does.
    For onnx it ends in .onnx and has weights: those of --weights, or fresh ones.
    A file that was edited, or that archspec did not write, is refused (exit code 3).
    """
    if variant and (all_variants or not specs):
        raise typer.BadParameter("--variant needs a SPEC, and no --all-variants")
    if override and output is None:
        raise typer.BadParameter("--set needs -o: the file's name does not tell of it")
    if output == "-" and (check or diff):
        raise typer.BadParameter("--check and --diff compare with files, not with -")
    has_onnx = "onnx" in (target or ())
    if not has_onnx and (weights or seed is not None):
        raise typer.BadParameter("--weights and --seed need --target onnx")
    if weights and seed is not None:
        raise typer.BadParameter("--weights or --seed, not both")
    if output == "-" and has_onnx:
        raise typer.BadParameter("onnx is no text: -o needs a folder")
    with faults_told():
        names = variant or (), override or ()
        numbers = Weights(weights, seed or 0)
        files = _contents(
            specs,
            target,
            *names,
            all_variants,
            fold=fold_batch_norm,
            weights=numbers,
            templates=templates,
        )
        root = Path(output or "generated")
        if output == "-":
            typer.echo("\n\n".join(map(str, files.values())), nl=False)
        elif check or diff:
            _compare(files, root, check, diff)
        else:
            _write(files, root, force)


class Weights(NamedTuple):
    """Where the numbers of an ONNX model are from: a file, or a seed."""

    path: Path | None
    seed: int

    def of(self, network: Network) -> Mapping[str, Any]:
        """The canonical weights; raises WeightsError where a file does not fit."""
        from archspec.weights import canonical, initial

        if self.path:
            found = canonical.read(self.path, network)
            note_origin(self.path, network)
            return found
        return initial.fresh(network, self.seed)


def _contents(
    specs: Sequence[str] | None,
    targets: Sequence[str] | None,
    variants: Sequence[str],
    overrides: Sequence[str],
    all_variants: bool,
    *,
    fold: bool,
    weights: Weights,
    templates: Path | None,
) -> dict[Path, Content]:
    """What every file holds; all of them before the first is written."""
    from archspec.elaboration.fold import folded
    from archspec.targets import TARGETS, render

    check_targets(targets or (), (*TARGETS, "onnx"))
    files: dict[Path, Content] = {}
    origins: dict[str, str] = {}
    for spec, names in _chosen(specs, variants, all_variants):
        whole = network_of(spec, names, overrides)
        printed = folded(whole) if fold else whole
        for target in dict.fromkeys(targets or TARGETS):
            # An ONNX model is folded anyway, and its weights are those of the whole.
            binary = target == "onnx"
            module = (whole if binary else printed).spec.module_name
            path = Path(target, module + (".onnx" if binary else ".py"))
            _check_meeting(origins, path, " ".join((spec, *names)))
            files[path] = (
                _onnx(whole, weights) if binary else render(printed, target, templates)
            )
    return files


def _onnx(network: Network, weights: Weights) -> bytes:
    from archspec.targets import onnx

    onnx.check_size(network)
    return onnx.file(network, weights.of(network))


def _chosen(
    specs: Sequence[str] | None, variants: Sequence[str], all_variants: bool
) -> Iterator[tuple[str, Sequence[str]]]:
    """Each spec with the variants to apply, once for every file."""
    from archspec.language import variant_names
    from archspec.reading import bundled_specs

    for spec in specs or map(str, bundled_specs()):
        yield spec, variants
        for name in variant_names(spec) if all_variants else ():
            yield spec, (name,)


def _check_meeting(origins: dict[str, str], path: Path, origin: str) -> None:
    """Two files may not meet, on disks that do not tell upper case from lower."""
    other = origins.setdefault(str(path).lower(), origin)
    if other != origin:
        message = f"'{other}' and '{origin}' would be the same file {path.name}"
        help = "generate them one at a time, into a folder each: -o FOLDER"
        raise SpecError.single("AS506", message, help=help)


def _write(files: dict[Path, Content], root: Path, force: bool) -> None:
    from archspec.targets.files import write_all

    written = write_all(files, root, force)
    for path in files:
        state = "wrote" if root / path in written else "unchanged"
        typer.echo(f"{state} {root / path}", err=True)


def _compare(files: dict[Path, Content], root: Path, check: bool, diff: bool) -> None:
    from archspec.targets.files import compare

    differences = compare(files, root)
    for path, text in differences.items():
        typer.echo(f"differs: {path}", err=True)
        if diff:
            typer.echo(text, nl=False)
    if check and differences:
        raise typer.Exit(1)
