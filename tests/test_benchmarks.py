"""Every benchmark can at least be loaded; what they measure is in `docs`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = sorted((Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.full
@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_it_loads(path: Path):
    load = f"import runpy; runpy.run_path({str(path)!r}, run_name='loaded')"
    done = subprocess.run(
        [sys.executable, "-c", load], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
