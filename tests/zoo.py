"""The bundled specs and their flavours, and the small sizes to run them at."""

from __future__ import annotations

from pathlib import Path

import yaml

from archspec.resources import SPECS

BASES = sorted(SPECS.glob("*.yaml"))
EVERY = [*BASES, *sorted(SPECS.glob("tutorials/*.yaml"))]
SIZES = [(96, 64), (97, 65)]
TIED_SIZES = {
    "unet": [(96, 64), (32, 48)],
    "keras_mobilenetv1_small": [(112, 128), (128, 113)],
    "separable_convolution": [(7, 7), (9, 12)],
    "standard_convolution": [(7, 7), (9, 12)],
}
FLATTENED = "pytorch_mobilenetv2"
"""Its dense layer fits one size only."""


def flavours(path: Path) -> list[tuple[str, ...]]:
    """Nothing, and each variant but those of width or depth, which begin with it."""
    variants = yaml.safe_load(path.read_text("utf-8")).get("variants") or {}
    return [(), *((name,) for name in variants if not name[0].isdigit())]


def sizes(path: Path) -> list[tuple[int, int]]:
    return TIED_SIZES.get(path.stem, SIZES)


def resized(height: int, width: int) -> tuple[str, ...]:
    return (f"input.size=[{height}, {width}]",)


def label(path: Path, flavour: tuple[str, ...] = ()) -> str:
    return "-".join((path.stem, *flavour))
