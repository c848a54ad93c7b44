"""The text of a module does not depend on the folder that archspec runs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.targets.tidy import tidy


def test_folders_named_like_frameworks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = "import numpy as np\nimport torch\n\nprint(np, torch)\n"
    (tmp_path / "torch").mkdir()
    monkeypatch.chdir(tmp_path)
    assert tidy(text) == text
