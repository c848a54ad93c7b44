"""The commands that write code and weights of a network, and lines that load them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from archspec.errors import SpecError
from archspec.frameworks import ALL_TARGETS, FRAMEWORKS, SOURCES
from archspec.language import Spec, load
from archspec.network import Network
from archspec.reading import bundled_specs
from archspec.reading.identifiers import identifier_fault
from archspec.reading.nodes import texts
from archspec.targets.templates import manifest

CANONICAL = ".safetensors"
IMPLEMENTATIONS = ("torchvision", "timm", "keras")
"""Variants of a spec that are named after a library compute what its model computes."""


class Conversion(NamedTuple):
    """The command that writes a file of a target, whose name is `title`."""

    target: str
    title: str
    command: str
    file: str


class Commands(NamedTuple):
    """The commands, and the `module` of the code that they write.

    If `is_copy`, they are for a file `spec` with the YAML of this page, which does not
    exist yet.
    """

    spec: str
    is_copy: bool
    module: str
    generate: str
    init: str
    adopt: str
    conversions: list[Conversion]
    libraries: list[str]


def commands(network: Network) -> Commands:
    """The commands for a network, in the folder of its spec."""
    spec = network.spec
    is_named = not identifier_fault(spec.stem) and is_of_its_file(spec)
    stem = spec.module_name if is_named else _own_name(network)
    words = [_name(spec.source.path) if is_named else f"{stem}.yaml"]
    for name in _variant_names(spec) if is_named else ():
        words += ["--variant", name]
    fold = ["--fold-batch-norm"] if spec.folded else []
    weights = stem + CANONICAL
    return Commands(
        words[0],
        not is_named,
        stem,
        _line("generate", *words, *fold, "--target", ",".join(SOURCES)),
        _line("weights", "init", *words, "-o", weights),
        _line("weights", "adopt", "CHECKPOINT", *words, "-o", weights),
        [_conversion(target, [weights, *words, *fold], stem) for target in ALL_TARGETS],
        [n for n in IMPLEMENTATIONS if is_named and n in spec.variants.entries],
    )


def _conversion(target: str, words: Sequence[str], stem: str) -> Conversion:
    suffix = next(s for s in FRAMEWORKS[target].writes if s != CANONICAL)
    file = stem + suffix
    line = _line("weights", "convert", *words, "--to", target, "-o", file)
    return Conversion(target, target_title(target), line, file)


def target_title(target: str) -> str:
    """The name of its framework."""
    return "ONNX" if target == "onnx" else manifest(target)["name"]


def _own_name(network: Network) -> str:
    """A name for the file of a network that no file describes as it is."""
    stem = network.spec.stem
    return f"{network.name.lower() if identifier_fault(stem) else stem}_changed"


def _name(path: Path) -> str:
    """What the command line calls a spec: a bundled one, or a file in this folder."""
    return path.stem if path in bundled_specs() else path.name


def is_of_its_file(spec: Spec) -> bool:
    """Whether its file and names of variants describe all of it."""
    try:
        loaded = load(spec.source, _variant_names(spec))
    except SpecError:
        return False
    return texts(loaded.tree) == texts(spec.tree)


def _variant_names(spec: Spec) -> list[str]:
    return spec.variant.split("+") if spec.variant else []


def _line(*words: str) -> str:
    return shlex.join(["archspec", *words])
