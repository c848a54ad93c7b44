"""`archspec weights ...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.cli.beforehand import loaded
from archspec.cli.options import (
    Overrides,
    Seed,
    Variants,
    faults_told,
    tell_note,
)

if TYPE_CHECKING:
    from archspec.api.weights import Weights

weights = typer.Typer(
    help=(
        "Initialise, convert, import and inspect weights.\n\n"
        "Canonical weights are one safetensors file with the paths of the spec."
    ),
    no_args_is_help=True,
)

Spec = Annotated[str, typer.Argument(metavar="SPEC", show_default=False)]
Existing = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]
Output = Annotated[
    Path, typer.Option("-o", "--output", metavar="FILE", show_default=False)
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite FILE.")]


@weights.command("init")
def init(
    spec: Spec,
    output: Output,
    *,
    variant: Variants = None,
    override: Overrides = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Write random weights, sampled from the spec's initialisers."""
    with faults_told():
        network = loaded(spec, variant, override)
        _save(network.init_weights(seed), output, force=force)


@weights.command("convert")
def convert(
    file: Existing,
    spec: Spec,
    output: Output,
    *,
    target: Annotated[
        str | None,
        typer.Option("--to", metavar="T", help="Framework to convert to."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="T", help="Framework that saved FILE."),
    ] = None,
    fold_batch_norm: Annotated[
        bool,
        typer.Option("--fold-batch-norm", help="Fold batch norm, as in generate."),
    ] = False,
    variant: Variants = None,
    override: Overrides = None,
    force: Force = False,
) -> None:
    """Convert weights between the canonical format and frameworks.

    PyTorch: a state dict as .safetensors, .pth or .pt. Keras: .weights.h5; .keras and
    old .h5 files can be read too. ONNX: a model with weights, batch norm always folded.
    With both --from and --to, converts between frameworks.
    """
    if target is None and source is None:
        raise typer.BadParameter("give --to, --from or both")
    if target is None and fold_batch_norm:
        raise typer.BadParameter(
            "--fold-batch-norm needs --to: canonical weights are never folded"
        )
    with faults_told():
        from archspec.api.weights import refuse_existing

        network = loaded(spec, variant, override)
        refuse_existing(output, force)
        found = network.read_weights(file, source)
        tell_note(found.note)
        # An ONNX model is folded anyway.
        if fold_batch_norm and target != "onnx":
            found = found.fold_batch_norm()
        _save(found, output, target, force=force)


@weights.command("adopt")
def adopt(
    file: Existing,
    spec: Spec,
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write canonical weights."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore",
            metavar="PATTERN",
            help="Skip tensors whose names match, such as 'aux*'; repeatable.",
            show_default=False,
        ),
    ] = None,
    variant: Variants = None,
    override: Overrides = None,
    force: Force = False,
) -> None:
    """Import a checkpoint of another implementation, and print the mapping of layers.

    Reads state dicts of torchvision, timm and others (.pth, .pt, .bin or .safetensors)
    and models or weights of keras.applications (.weights.h5, .keras or .h5). Ambiguous,
    missing and unexpected tensors are errors.
    """
    with faults_told():
        from archspec.api.weights import refuse_existing

        network = loaded(spec, variant, override)
        if output is not None:
            refuse_existing(output, force)
        found = network.adopt(file, ignore or ())
        typer.echo(str(found), err=output is not None)
        if output is not None:
            _save(found, output, force=force)


@weights.command("inspect")
def inspect(file: Existing) -> None:
    """List the tensors of a safetensors file, and the network they belong to."""
    with faults_told():
        from archspec.api.weights import inspect_weights

        typer.echo(inspect_weights(file), nl=False)


def _save(
    found: Weights, output: Path, target: str | None = None, *, force: bool
) -> None:
    found.save(output, target, force=force)
    typer.echo(f"wrote {output}: {found.size}", err=True)
