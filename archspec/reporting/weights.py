"""The commands that write code and weights of a network, and lines that load them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple

from archspec.errors import SpecError
from archspec.frameworks import ALL_TARGETS, FRAMEWORKS, SOURCES
from archspec.language import Spec, load
from archspec.network import Network
from archspec.reading import bundled_specs
from archspec.reading.nodes import texts

STDIN = Path("<stdin>")
CANONICAL = ".safetensors"
IMPLEMENTATIONS = ("torchvision", "timm", "keras")
"""Variants of a spec that are named after a library compute what its model computes."""


class Commands(NamedTuple):
    """Each with the file that it writes; `spec` is what stands for SPEC in them.

    If `is_copy`, that is a file with the YAML of this page, which does not exist yet.
    """

    spec: str
    is_copy: bool
    weights: str
    generate: str
    init: str
    adopt: str
    convert: dict[str, str]
    libraries: list[str]


def commands(network: Network) -> Commands:
    """The commands for a network, in the folder of its spec."""
    spec, stem = network.spec, network.spec.module_name
    is_named = spec.source.path != STDIN and is_of_its_file(spec)
    words = [_name(spec.source.path) if is_named else f"{stem}.yaml"]
    for name in _variant_names(spec) if is_named else ():
        words += ["--variant", name]
    fold = ["--fold-batch-norm"] if spec.folded else []
    weights = stem + CANONICAL
    return Commands(
        words[0],
        not is_named,
        weights,
        _line("generate", *words, *fold, "--target", ",".join(SOURCES)),
        _line("weights", "init", *words, "-o", weights),
        _line("weights", "adopt", "CHECKPOINT", *words, "-o", weights),
        {
            target: _line(
                "weights",
                "convert",
                weights,
                *words,
                "--to",
                target,
                "-o",
                stem + suffix,
            )
            for target, suffix in _suffixes().items()
        },
        [name for name in IMPLEMENTATIONS if name in spec.variants.entries],
    )


def _suffixes() -> dict[str, str]:
    """That of each target's own files; canonical weights are .safetensors, too."""
    return {
        target: next(s for s in FRAMEWORKS[target].writes if s != CANONICAL)
        for target in ALL_TARGETS
    }


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
