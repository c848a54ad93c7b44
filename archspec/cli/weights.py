"""`archspec weights ...`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archspec.cli import completion
from archspec.cli.beforehand import SUFFIXES, loaded
from archspec.cli.options import Format, Overrides, Seed, Spec, Variants, force_option
from archspec.cli.printing import faults_told, show_json, tell_note

if TYPE_CHECKING:
    from archspec.api.network import Network
    from archspec.api.weights import AdoptedWeights, Weights

weights = typer.Typer(
    help=(
        "Initialise, convert, import and inspect weights.\n\n"
        "Canonical weights are one safetensors file with the paths of the spec."
    ),
    no_args_is_help=True,
)

Existing = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="A weight file or checkpoint, such as net.pth or w.safetensors.",
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        show_default=False,
        help="The file to write; its suffix says the format.",
    ),
]
Force = Annotated[bool, force_option("FILE")]


def framework_option(name: str, help: str) -> Any:
    """`--to` or `--from`."""
    return typer.Option(name, metavar="T", help=help, autocompletion=completion.targets)


@weights.command("init")
def init(
    spec: Spec,
    output: Output,
    *,
    variant: Variants = None,
    override: Overrides = None,
    seed: Seed = 0,
    force: Force = False,
    format: Format = "text",
) -> None:
    """Write random weights, sampled from the spec's initialisers.

    Examples:
        archspec weights init mobilenetv2 -o fresh.safetensors --seed 1

    Exit codes:
        3: FILE exists; --force overwrites it
        4: a framework is not installed
    """
    with faults_told():
        network = loaded(spec, variant, override)
        _save(network.init_weights(seed), output, force=force, format=format)


@weights.command("convert")
def convert(
    file: Existing,
    spec: Spec,
    output: Output,
    *,
    target: Annotated[
        str | None, framework_option("--to", "Framework to convert to.")
    ] = None,
    source: Annotated[
        str | None, framework_option("--from", "Framework that saved FILE.")
    ] = None,
    fold_batch_norm: Annotated[
        bool,
        typer.Option("--fold-batch-norm", help="Fold batch norm, as in generate."),
    ] = False,
    variant: Variants = None,
    override: Overrides = None,
    force: Force = False,
    format: Format = "text",
) -> None:
    """Convert weights between the canonical format and frameworks.

    PyTorch: a state dict as .safetensors, .pth or .pt. Keras: .weights.h5 or
    .safetensors; .keras and old .h5 files can be read too. Flax: .safetensors or
    .orbax. ONNX: a model with weights, batch norm always folded. With both --from and
    --to, converts between frameworks.

    Examples:
        archspec weights convert w.safetensors mobilenetv2 --to torch -o net.pth
        archspec weights convert net.pth mobilenetv2 --from torch -o w.safetensors
        archspec weights convert w.safetensors net.yaml --to onnx -o net.onnx

    Exit codes:
        3: FILE exists; --force overwrites it
        4: a framework is not installed
    """
    if target is None and source is None:
        raise typer.BadParameter("give --to, --from or both")
    if target is None and fold_batch_norm:
        raise typer.BadParameter(
            "--fold-batch-norm needs --to: canonical weights are never folded"
        )
    with faults_told():
        from archspec.api.weights import refuse_existing

        network = _network(file, spec, variant, override)
        refuse_existing(output, force)
        found = network.read_weights(file, source)
        tell_note(found.note)
        # An ONNX model is folded anyway.
        if fold_batch_norm and target != "onnx":
            found = found.fold_batch_norm()
        _save(found, output, target, force=force, format=format)


@weights.command("adopt")
def adopt(
    file: Existing,
    spec: Spec,
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the weights."),
    ] = None,
    target: Annotated[
        str | None,
        framework_option("--to", "Framework of FILE; default: canonical weights."),
    ] = None,
    module: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the source that loads them."),
    ] = None,
    key: Annotated[
        str,
        typer.Option(metavar="NAME", help="Entry of the file, such as state_dict_ema."),
    ] = "",
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Skip tensors whose names match, such as 'aux*'; repeatable.",
            show_default=False,
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SETTING",
            help="Keep a setting of the spec that differs from the file's; repeatable.",
            show_default=False,
        ),
    ] = None,
    qkv_by_head: Annotated[
        bool,
        typer.Option(
            "--qkv-by-head",
            help="Queries, keys and values in FILE are ordered by head.",
        ),
    ] = False,
    verify: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Run the original, such as torchvision:NAME, and compare outputs.",
        ),
    ] = None,
    mapping: Annotated[
        bool, typer.Option("--mapping", help="Print the tensor of each layer.")
    ] = False,
    format: Format = "text",
    variant: Variants = None,
    override: Overrides = None,
    force: Force = False,
) -> None:
    """Import a checkpoint of another implementation.

    Reads files of torch.save with any name, .safetensors, .keras, .h5 and Orbax. Layers
    are matched by shape, order and name; ambiguous, missing and unexpected tensors are
    errors, and so are settings that the file states and the spec does not have.

    Examples:
        archspec weights adopt tv.pth mobilenetv2@torchvision -o net.safetensors
        archspec weights adopt tv.pth mobilenetv2 --verify torchvision:mobilenet_v2
        archspec weights adopt m.keras resnet50 --to torch -o w.pth --module net.py

    Exit codes:
        3: FILE exists; --force overwrites it
        4: a framework is not installed
    """
    if output is None and target is not None:
        raise typer.BadParameter("--to needs -o")
    if module is not None and target is None:
        raise typer.BadParameter("--module needs --to")
    with faults_told():
        from archspec.api.weights import check_writable, refuse_existing

        network = _network(file, spec, variant, override)
        if output is not None:
            check_writable(output, target)
            refuse_existing(output, force)
        found = network.adopt(
            file,
            ignore or (),
            key=key,
            accept=accept or (),
            qkv_by_head=qkv_by_head,
            verify=verify,
        )
        _tell(found, mapping, format)
        if module is not None and target is not None:
            _write_module(found.network, target, module, force)
        if output is not None:
            _save(found, output, target, force=force)


@weights.command("inspect")
def inspect(
    file: Existing,
    *,
    format: Format = "text",
) -> None:
    """List the tensors of a weight file or a checkpoint, and its metadata.

    Examples:
        archspec weights inspect w.safetensors
        archspec weights inspect tv.pth --json
    """
    with faults_told():
        from archspec.api.weights import inspect_document, inspect_weights

        if format == "json":
            show_json([inspect_document(file)])
        else:
            typer.echo(inspect_weights(file), nl=False)


def _network(
    file: Path,
    spec: str,
    variant: Sequence[str] | None,
    override: Sequence[str] | None,
) -> Network:
    """The network of SPEC; raises BadParameter where FILE stands in its place."""
    from archspec.api.specs import bundled_specs

    specs = bundled_specs()
    is_spec = spec in (*specs, "-") or Path(spec).suffix in SUFFIXES
    if not is_spec and (str(file) in specs or Path(spec).exists()):
        raise typer.BadParameter(f"FILE comes before SPEC: {spec} {file}")
    return loaded(spec, variant, override)


def _tell(found: AdoptedWeights, mapping: bool, format: str) -> None:
    """What was found to stdout, and notes to stderr."""
    if format == "json":
        show_json([found.document()])
        return
    typer.echo(f"{found}\n{found.summary}" if mapping else found.summary)
    for note in found.notes:
        tell_note(note)


def _write_module(network: Network, target: str, path: Path, force: bool) -> None:
    from archspec.api.files import write_files

    write_files({Path(path.name): network.source(target)}, path.parent, force)
    typer.echo(f"wrote {path}", err=True)


def _save(
    found: Weights,
    output: Path,
    target: str | None = None,
    *,
    force: bool,
    format: str = "text",
) -> None:
    found.save(output, target, force=force)
    typer.echo(f"wrote {output}: {found.size}", err=True)
    if format == "json":
        size = {"tensors": len(found), "numbers": found.network.parameters}
        show_json([{"path": str(output), **size}])
