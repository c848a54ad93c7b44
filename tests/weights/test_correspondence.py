"""Which unit is which layer: right or refused, whatever the names and the order.

The units are the network's own, so that the truth is known; names and shapes count.
Every word in their names is another, for the network's own would tell by themselves.
"""

from __future__ import annotations

import hashlib
import random
from itertools import groupby

import pytest
from zoo import BASES, leading

from archspec.elaboration import elaborate
from archspec.errors import WeightsError
from archspec.targets.templates import manifest
from archspec.weights.adoption.adopt import correspondence
from archspec.weights.adoption.uses import uses
from archspec.weights.checkpoints import Checkpoint, Tensor, Unit

SPECS = leading(
    BASES,
    "ghostnet", "mobilenetv2", "mobilenetv3_large", "repvgg_a0", "shufflenetv2", "unet",
)  # fmt: skip
UNTOLD = {
    "deeplabv3_mobilenetv2", "deeplabv3_mobilenetv3_large", "deeplabv3_resnet50",
    "deeplabv3plus_resnet50",
    "deit_small_distilled", "ghostnet", "hgnetv2_b4", "hrnet_w18_small",
    "mobilenetv4_hybrid_medium", "regnetx_400mf", "regnety_400mf", "repvit_m0_9",
    "segformer_b0", "shufflenetv2", "yolov8n",
}  # fmt: skip
"""Branches, or modules of one shape in a row, that other words do not tell apart."""
SIDE_BY_SIDE = {
    "deit_small_distilled", "mobilenetv4_hybrid_medium", "mobileone_s0", "repvgg_a0",
    "resnet50_fpn", "segformer_b0",
}  # fmt: skip
"""Of some parallel layers, only names could tell which is which."""
KEPT = ["as they are", "hashed", "norms last"]
OTHER = ["shuffled", "sorted", "shuffled and hashed", "another order of each block"]


def hashed(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:8]


def other_words(path: str) -> str:
    words = path.split(".")
    return ".".join(word if word.isdecimal() else f"z{word}" for word in words)


def units(network, rename) -> list[tuple[str, int, Unit]]:
    """Each layer's path, the number of its use, and a unit for it."""
    found = []
    for number, use in enumerate(uses(network, manifest("torch"))):
        for part in use.parts:
            name = rename(part.layer.path)
            tensors = {
                variable: Tensor(f"{name}.{variable}", shape, "float32", lambda: None)
                for variable, shape in part.shapes.items()
            }
            found.append((part.layer.path, number, Unit(name, tensors)))
    return found


def changed(network, how: str) -> list[tuple[str, int, Unit]]:
    rows = units(network, hashed if "hashed" in how else other_words)
    if how.startswith("shuffled"):
        random.Random(0).shuffle(rows)
    if how == "sorted":
        rows.sort(key=lambda row: row[2].name)
    if how == "norms last":
        rows.sort(key=lambda row: (row[1], "running_mean" in row[2].tensors))
    if how == "another order of each block":
        blocks = [list(group) for _, group in groupby(rows, lambda row: row[1])]
        rows = [row for block in blocks for row in reversed(block)]
    return rows


def found(network, rows, ordered: bool) -> bool:
    """Whether every layer got its own unit; False where that was refused."""
    checkpoint = Checkpoint("torch", tuple(unit for *_, unit in rows), ordered)
    try:
        pairs = correspondence(network, checkpoint)
    except WeightsError as error:
        told = {diagnostic.code for diagnostic in error.diagnostics}
    else:
        told = set()
    if told:
        assert told == {"AS517"}
        return False
    assert pairs.keys() == {path for path, *_ in rows}
    assert all(pairs[path] is unit for path, _, unit in rows)
    return True


@pytest.mark.parametrize("how", [*KEPT, *OTHER])
@pytest.mark.parametrize("path", SPECS)
def test_right_or_refused(path, how):
    network = elaborate(path)
    right = found(network, changed(network, how), ordered=True)
    assert right or how not in KEPT or path.stem in SIDE_BY_SIDE


@pytest.mark.parametrize("path", SPECS)
def test_names_alone(path):
    network = elaborate(path)
    right = found(network, changed(network, "sorted"), ordered=False)
    assert right == (path.stem not in UNTOLD)


@pytest.mark.parametrize("path", SPECS)
def test_its_own_names_in_any_order(path):
    network = elaborate(path)
    rows = units(network, str)
    random.Random(0).shuffle(rows)
    assert found(network, rows, ordered=True)
    assert found(network, rows, ordered=False)
