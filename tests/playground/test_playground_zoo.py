"""Every bundled spec has the costs and the code of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader import Reader

import archspec

pytestmark = pytest.mark.full


TITLES = {"torch": "PyTorch", "keras": "Keras", "nnx": "Flax NNX"}


def test_totals(reader: Reader):
    for name, listed in archspec.list_specs().items():
        reader.choose("spec", name)
        found = [reader.figure("Parameters"), reader.figure("MACs")]
        assert found == [f"{listed[key]:,}" for key in ("parameters", "macs")], name
        options = reader.page.locator("#variant option").all_inner_texts()
        assert options == ["base", *listed["variants"]]


@pytest.mark.parametrize("target", archspec.source_targets())
def test_code_is_that_of_the_command_line(reader: Reader, root: Path, target: str):
    """Byte by byte: `archspec generate --bundled --check` compares generated/."""
    reader.tab(TITLES[target])
    differ: list[str] = []
    for name in archspec.bundled_specs():
        reader.choose("spec", name)
        if reader.saved() != (root / f"generated/{target}/{name}.py").read_text(
            "utf-8"
        ):
            differ.append(name)
    assert not differ
