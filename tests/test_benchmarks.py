"""Every benchmark can at least be loaded; what they measure is in `docs`."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
BENCHMARKS = sorted(FOLDER.glob("*.py"))


@pytest.mark.full
@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_it_loads(path: Path):
    load = f"import runpy; runpy.run_path({str(path)!r}, run_name='loaded')"
    done = subprocess.run(
        [sys.executable, "-c", load],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(FOLDER), *sys.path])},
    )
    assert done.returncode == 0, done.stderr


def test_ratios_within_a_round(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(FOLDER)
    inference = importlib.import_module("inference")
    found = {"theirs": [1.0, 2.0, 8.0], "ours": [0.5, 1.0, 2.0]}
    *_, row = inference.report("torch", "net", found).splitlines()
    assert row == "| ours | 1000.0 | 0.50 | 0.25 to 0.50 |"


def test_the_order_rotates(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(FOLDER)
    inference = importlib.import_module("inference")
    run: list[str] = []
    forms = {name: lambda name=name: run.append(name) for name in "abc"}
    found = inference.measured(forms, 2)
    assert "".join(run) == "abcbca"
    assert [len(seconds) for seconds in found.values()] == [2, 2, 2]
