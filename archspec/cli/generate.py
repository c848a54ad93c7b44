"""`archspec generate`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from archspec.cli import colour, completion
from archspec.cli.beforehand import chosen
from archspec.cli.options import (
    AllVariants,
    Bundled,
    ForceGenerated,
    Format,
    MaybeSpecs,
    Overrides,
    Variants,
    split,
    target_option,
)
from archspec.cli.printing import faults_told, noted, tell_note
from archspec.errors import SpecError, needed, one_of
from archspec.frameworks import ALL_TARGETS, SOURCES

if TYPE_CHECKING:
    from archspec.api.files import Content
    from archspec.api.network import Network

Targets = Annotated[list[str] | None, target_option(ALL_TARGETS, SOURCES)]
Fold = Annotated[
    bool,
    typer.Option(
        "--fold-batch-norm",
        help="Fold batch norm for inference; writes SPEC_folded.py.",
    ),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        callback=split,
        autocompletion=completion.multipliers,
        help="Keep multipliers or in_channels as arguments, with all variants in "
        "SPEC_family.py.",
    ),
]
Features = Annotated[
    list[str] | None,
    typer.Option(
        metavar="strides|NAME",
        callback=split,
        autocompletion=completion.layers,
        help="Also return the feature maps of each stride, or of these layers; writes "
        "SPEC_features.py.",
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="DIR",
        help="Output folder (default: generated) or - for stdout.",
    ),
]
Check = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit 1 if files differ.")
]
Diff = Annotated[
    bool, typer.Option("--diff", help="Write nothing; print the differences.")
]
OwnTemplates = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Custom templates, DIR/TARGET/*.jinja. Templates are code and run.",
    ),
]
WeightsFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Canonical weights for onnx (safetensors)."),
]
FreshSeed = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Random seed for onnx weights. Default: 0."),
]


def generate(
    specs: MaybeSpecs = None,
    *,
    target: Targets = None,
    variant: Variants = None,
    override: Overrides = None,
    fold_batch_norm: Fold = False,
    keep: Keep = None,
    features: Features = None,
    output: Output = None,
    bundled: Bundled = False,
    all_variants: AllVariants = False,
    check: Check = False,
    diff: Diff = False,
    force: ForceGenerated = False,
    templates: OwnTemplates = None,
    weights: WeightsFile = None,
    seed: FreshSeed = None,
    format: Format = "text",
) -> None:
    """Generate framework source code, or ONNX models.

    Writes DIR/TARGET/SPEC_VARIANT.py for each SPEC. ONNX models (.onnx) have the
    weights of --weights, or random ones. Files that were edited or not generated are
    not overwritten.

    Examples:
        archspec generate mobilenetv2 --target torch
        archspec generate net.yaml --variant wide --target torch,keras -o models
        archspec generate net.yaml --target torch -o -
        archspec generate resnet50 --features strides --target torch,keras
        archspec generate net.yaml --target onnx --weights net.safetensors

    Exit codes:
        1: a file differs, with --check
        3: a file that was edited or not generated is in the way
        4: --target onnx, and onnx is not installed
    """
    has_onnx, to_stdout = "onnx" in (target or ()), output == "-"
    one_family = specs and not all_variants and not has_onnx
    refused = {
        "SPEC is missing: give a file such as net.yaml, a folder, or a bundled spec "
        "such as mobilenetv2 (archspec list shows all); --bundled takes every one": (
            not specs and not bundled
        ),
        "--variant needs a SPEC and excludes --all-variants": (
            variant and (all_variants or not specs)
        ),
        "--set needs -o, because file names do not include it": (
            override and output is None
        ),
        "-o is a folder, or - for stdout": (output or "").endswith((".py", ".onnx")),
        "--check and --diff need a folder, not -": to_stdout and (check or diff),
        "--keep needs a SPEC, no --all-variants, no onnx": keep and not one_family,
        "--features excludes onnx": features and has_onnx,
        "--format json excludes --diff and -o -": (
            format == "json" and (diff or to_stdout)
        ),
        "--weights and --seed need --target onnx": (
            not has_onnx and (weights or seed is not None)
        ),
        "--weights or --seed, not both": weights and seed is not None,
        "onnx is binary: -o needs a folder": to_stdout and has_onnx,
    }
    for message in filter(refused.get, refused):
        raise typer.BadParameter(message)

    with faults_told():
        found = (
            (" ".join(filter(None, (spec, network.spec.variant))), network)
            for spec in chosen(specs, bundled)
            for network in noted(spec, variant, override, all_variants)
        )
        print_one = partial(
            _print,
            fold=fold_batch_norm,
            keep=keep or (),
            features=features or (),
            templates=templates,
            weights=weights,
            seed=seed or 0,
        )
        printed = [*_printed(found, target or SOURCES, print_one)]
        if to_stdout:
            typer.echo("\n\n".join(str(one.content) for one in printed), nl=False)
            return
        root, files = Path(output or "generated"), _by_path(printed)
        compared = _compare(files, root, diff) if check or diff else None
        states = _write(files, root, force) if compared is None else compared
    if format == "json":
        typer.echo(json.dumps(states, indent=2))
    if check and compared:
        raise typer.Exit(1)


class _Printed(NamedTuple):
    """What is written of a network for a target; `origin` is its spec and variant."""

    origin: str
    network: Network
    target: str
    content: Content


def _print(
    network: Network,
    target: str,
    *,
    fold: bool,
    keep: Sequence[str],
    features: Sequence[str],
    templates: Path | None,
    weights: Path | None,
    seed: int,
) -> tuple[Network, Content]:
    """The network as it is printed, and its text; ONNX models are always folded."""
    if target != "onnx":
        printed = network.fold_batch_norm() if fold else network
        printed = printed.keep(*keep) if keep else printed
        printed = printed.features(*features) if features else printed
        return printed, printed.source(target, templates=templates)
    found = network.read_weights(weights) if weights else None
    if found is not None:
        tell_note(found.note)
    return network, network.onnx(found, seed=seed)


def _printed(
    networks: Iterable[tuple[str, Network]],
    targets: Sequence[str],
    print_one: Callable[[Network, str], tuple[Network, Content]],
) -> Iterator[_Printed]:
    """What is printed of each network, for each target."""
    for target in targets:
        one_of("target", target, ALL_TARGETS)
    if "onnx" in targets:
        needed("onnx")  # before anything is made
    for origin, network in networks:
        for target in dict.fromkeys(targets):
            printed, content = print_one(network, target)
            yield _Printed(origin, printed, target, content)


def _by_path(printed: Sequence[_Printed]) -> dict[Path, Content]:
    """The content of every file; all are made before the first is written."""
    files: dict[Path, Content] = {}
    origins: dict[str, str] = {}
    for one in printed:
        path = one.network.path(one.target)
        _check_meeting(origins, path, one.origin)
        files[path] = one.content
    return files


def _check_meeting(origins: dict[str, str], path: Path, origin: str) -> None:
    """Refuse paths that collide on case-insensitive file systems."""
    other = origins.setdefault(str(path).lower(), origin)
    if other != origin:
        message = f"'{other}' and '{origin}' would both be written to {path.name}"
        help = "generate them separately, into different folders: -o FOLDER"
        raise SpecError.single("AS506", message, help=help)


def _write(files: dict[Path, Content], root: Path, force: bool) -> dict[str, str]:
    """Write files and report each; returns what happened to it."""
    from archspec.api.files import write_reported

    states = write_reported(files, root, force)
    for path, state in states.items():
        typer.echo(f"{state} {path}", err=True)
    return {str(path): state for path, state in states.items()}


def _compare(files: dict[Path, Content], root: Path, diff: bool) -> dict[str, str]:
    """Report the files that writing would change."""
    from archspec.api.files import compare_files

    differences = compare_files(files, root)
    for path, text in differences.items():
        typer.echo(f"differs: {path}", err=True)
        if diff:
            typer.echo(colour.diff(text), nl=False, color=True)
    return {str(path): "differs" for path in differences}
