"""The bundled specs and their flavours, and the small sizes to run them at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archspec.language.load import variant_names
from archspec.resources import SPECS

BASES = sorted(SPECS.glob("*.yaml"))
EVERY = [*BASES, *sorted(SPECS.glob("tutorials/*.yaml"))]
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.yaml"))
SIZES = [(96, 64), (97, 65)]
TIED_SIZES = {
    "coatnet_0": [(96, 64), (64, 128)],
    "dla34": [(96, 64), (32, 128)],
    "hrnet_w18_small": [(96, 64), (32, 128)],
    "mobilevit_xxs": [(128, 64), (64, 128)],
    "swin_tiny": [(64, 64), (64, 128)],
    "unet": [(96, 64), (32, 48)],
    "yolov8n": [(96, 64), (128, 96)],
    "resnet50_fpn": [(96, 64), (32, 128)],
    "keras_mobilenetv1_small": [(112, 128), (128, 113)],
    "separable_convolution": [(7, 7), (9, 12)],
    "standard_convolution": [(7, 7), (9, 12)],
}
SMALLER = {"swin_tiny": ("multipliers.window=2",)}
"""Windows of 7 fit no smaller image than the published one."""

FLATTENED = "pytorch_mobilenetv2"
"""Its dense layer fits one size only."""

FLAVOURS = {
    "batch_norm",
    "features",
    "keras",
    "minimalistic",
    "slim",
    "timm",
    "torchvision",
}
"""Variants that are not just wider or deeper."""

ALIKE = {
    "deeplabv3_mobilenetv2", "deeplabv3_mobilenetv3_large", "deeplabv3_resnet50",
    "deeplabv3plus_resnet50", "efficientnet_lite", "efficientnetv2_s",
    "mnasnet_a1", "mnasnet_b1", "mnasnet_small",
    "mobilenetv3_small", "mobilenetv4_conv_large", "mobilenetv4_conv_medium",
    "regnetx_400mf", "resnet18", "resnext50", "se_resnet50", "squeezenet_1_0", "vgg16",
    "wide_resnet50",
}  # fmt: skip
"""Specs with nothing in them that another has not: verified, and no more."""

KINDS = [path for path in EVERY if path.stem not in ALIKE]


def flavours(path: Path) -> list[tuple[str, ...]]:
    """Nothing, and each variant that is a flavour."""
    found = [(name,) for name in variant_names(path) if name in FLAVOURS]
    return [(), *found]


FLAVOURED = [(path, flavour) for path in EVERY for flavour in flavours(path) if flavour]


def sizes(path: Path) -> list[tuple[str, ...]]:
    """What to set for two small sizes, an even and, where it can be, an odd one."""
    more = SMALLER.get(path.stem, ())
    return [resized(*size) + more for size in TIED_SIZES.get(path.stem, SIZES)]


def resized(height: int, width: int) -> tuple[str, ...]:
    return (f"input.size=[{height}, {width}]",)


def label(path: Path, flavour: tuple[str, ...] = ()) -> str:
    return "-".join((path.stem, *flavour))


def leading(paths: list[Path], *names: str) -> list[Any]:
    """Parameters for a test that runs with these specs, and in full with every one."""
    assert {*names} <= {path.stem for path in paths}
    return [
        pytest.param(
            path, id=path.stem, marks=[] if path.stem in names else [pytest.mark.full]
        )
        for path in paths
    ]
