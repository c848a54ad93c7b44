"""The bundled specs, imported back from the PyTorch modules that they become."""

import sys
from pathlib import Path

import pytest

import archspec

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
import mirror

SMALL = "squeezenet_1_1", "unet", "resnet18"
OTHER = {"mixer_small"}
"""Where tokens are made a layer later: the same numbers in another layout."""
NAMES = [
    pytest.param(name, marks=() if name in SMALL else pytest.mark.full)
    for name in archspec.bundled_specs()
]


@pytest.mark.parametrize("name", NAMES)
def test_specs_are_found_again(name):
    row = mirror.mirrored(name)
    assert row.note == ("differs" if name in OTHER else "equal")
    assert row.ratio <= mirror.MOST
