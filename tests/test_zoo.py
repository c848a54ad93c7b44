"""docs/zoo.md and its picture are what the specs come to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.full
def test_the_page_and_its_picture_are_current(tmp_path: Path):
    command = [sys.executable, str(DOCS / "zoo.py"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("zoo.md", "pictures/zoo.svg"):
        same = (tmp_path / name).read_bytes() == (DOCS / name).read_bytes()
        assert same, f"docs/{name} is not what the specs say: make zoo"
