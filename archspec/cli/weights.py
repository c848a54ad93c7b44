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
        "Make, move and look at weights.\n\n"
        "A network's own weights are one safetensors file, named by the spec's paths."
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
    """Draw fresh weights, as the spec's initialisers say."""
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
        typer.Option(
            "--to", metavar="T", help="Write what the generated module loads."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="T", help="Read what the generated module saved."
        ),
    ] = None,
    fold_batch_norm: Annotated[
        bool,
        typer.Option(
            "--fold-batch-norm", help="For what generate --fold-batch-norm writes."
        ),
    ] = False,
    variant: Variants = None,
    override: Overrides = None,
    force: Force = False,
) -> None:
    """Move weights between the canonical file and a framework's own.

    PyTorch: a state dict as .safetensors, .pth or .pt. Keras: .weights.h5; .keras and
    old .h5 files are read as well. ONNX: a model with the weights in it, batch norm
    always folded. With both --from and --to, from one to the other.
    """
    if target is None and source is None:
        raise typer.BadParameter("--to or --from is needed")
    if target is None and fold_batch_norm:
        raise typer.BadParameter("--fold-batch-norm needs --to: our own file is whole")
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
            help="Pass over the tensors whose names fit, such as 'aux*'; repeatable.",
            show_default=False,
        ),
    ] = None,
    variant: Variants = None,
    override: Overrides = None,
    force: Force = False,
) -> None:
    """Find a network's layers in somebody else's checkpoint, and show which is which.

    A state dict of torchvision, timm and the like as .pth, .pt, .bin or .safetensors; a
    model or weights of keras.applications as .weights.h5, .keras or .h5. Refused where
    it is not clear which tensor is which, or where one is missing or left over.
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
    """Show what a safetensors file holds, and which network it was made for."""
    with faults_told():
        from archspec.api.weights import inspect_weights

        typer.echo(inspect_weights(file), nl=False)


def _save(
    found: Weights, output: Path, target: str | None = None, *, force: bool
) -> None:
    found.save(output, target, force=force)
    typer.echo(f"wrote {output}: {found.size}", err=True)
