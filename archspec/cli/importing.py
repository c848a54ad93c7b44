"""`archspec import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.cli.options import Format, force_option, split
from archspec.cli.printing import faults_told, show_json
from archspec.cli.progress import progress_shown

if TYPE_CHECKING:
    from archspec.api.importing import ImportedModel

Force = Annotated[bool, force_option("files")]


def import_(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            show_default=False,
            help="torchvision:NAME, timm:NAME, keras:NAME, PACKAGE.MODULE:FACTORY, or "
            "a .pt2, .onnx or .keras file.",
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write the spec; with --to, a folder for all files.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the weights, as .safetensors."),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="NAME",
            help="Also write a target's module, weights and a script; several as A,B.",
            callback=split,
        ),
    ] = None,
    call: Annotated[
        str,
        typer.Option(
            metavar="ARGUMENTS", help="Of the factory, such as 'num_classes=10'."
        ),
    ] = "",
    size: Annotated[
        str,
        typer.Option(
            metavar="SIZE", help="Of the image: 224, 192x160 or 1x28x28 with channels."
        ),
    ] = "",
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Your own weights for this model."),
    ] = None,
    key: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Entry of the checkpoint, such as state_dict_ema."
        ),
    ] = "",
    name: Annotated[
        str,
        typer.Option(metavar="NAME", help="Of the network; by default of its class."),
    ] = "",
    flat: Annotated[
        bool,
        typer.Option("--flat", help="Write a layer for each operation, no blocks."),
    ] = False,
    until: Annotated[
        str,
        typer.Option(
            metavar="LAYER", help="Import the part of the model that ends with a layer."
        ),
    ] = "",
    like: Annotated[
        str,
        typer.Option(
            metavar="SPEC[@VARIANT]",
            help="MODEL is a pruned checkpoint of this spec: layers have other widths.",
        ),
    ] = "",
    seconds: Annotated[
        float, typer.Option(metavar="N", help="Time limit.", min=1, max=86_400)
    ] = 300,
    format: Format = "text",
    force: Force = False,
) -> None:
    """Make a spec of an existing model, with its weights.

    A name runs the model's Python in a process of its own; files are only read. The
    spec is accepted if its graph, parameters and MACs are those of the model, and if
    the generated PyTorch module with the model's weights computes the same.

    Examples:
        archspec import torchvision:mobilenet_v2 --weights mobilenet.safetensors
        archspec import timm:resnet18 --to keras,onnx -o resnet
        archspec import keras:MobileNetV2 --size 96 --call 'alpha=0.5'
        archspec import mine:build --call 'num_classes=10' --checkpoint mine.pth
        archspec import pruned.safetensors --like mobilenetv2 -o pruned.yaml

    Exit codes:
        3: a file exists; --force overwrites it
        4: a framework is not installed
    """
    if target and output is None:
        raise typer.BadParameter("--to needs -o, a folder")
    with faults_told(), progress_shown() as progress:
        from archspec.api.importing import import_model

        found = import_model(
            model,
            call=call,
            name=name,
            size=_shape(size),
            flat=flat,
            checkpoint=checkpoint,
            key=key,
            until=until,
            like=like,
            seconds=seconds,
            progress=progress,
        )
        if target and output is not None:
            _write_all(found, output, target, force=force)
        elif output is not None:
            _write(found, output, force=force)
        elif format == "text":
            typer.echo(found.text, nl=False)
        if weights is not None:
            found.weights.save(weights, force=force)
            typer.echo(f"wrote {weights}: {found.weights.size}", err=True)
    if format == "json":
        show_json([found.document()])
    typer.echo(found.summary, err=True)


def _shape(text: str) -> tuple[int, ...]:
    """Channels, height and width; raises BadParameter."""
    if not text:
        return ()
    try:
        numbers = tuple(int(part) for part in text.lower().split("x"))
    except ValueError:
        numbers = ()
    match numbers:
        case (side,):
            return 3, side, side
        case (height, width):
            return 3, height, width
        case (channels, height, width):
            return channels, height, width
        case _:
            raise typer.BadParameter(f"--size is 224, 192x160 or 1x28x28, not {text}")


def _write(found: ImportedModel, path: Path, *, force: bool) -> None:
    """The spec alone."""
    from archspec.api.files import write_files

    write_files({Path(path.name): found.text}, path.parent, force)
    typer.echo(f"wrote {path}", err=True)


def _write_all(
    found: ImportedModel, root: Path, targets: list[str], *, force: bool
) -> None:
    """The spec, and for each target module, weights and script."""
    from archspec.api.files import write_files

    files = dict(found.files(targets))
    files[Path("report.txt")] = f"{found.summary}\n"
    for path in write_files(files, root, force):
        typer.echo(f"wrote {path}", err=True)
    for target in targets:
        path = found.save_weights(target, root, force=force)
        typer.echo(f"wrote {path}", err=True)
