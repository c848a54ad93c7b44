"""Every fault of `planted_faults.py` fails a test that `make test` runs.

pytest --full tests/test_planted_faults.py -k "odd pixel": one, in a copy of the tree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from planted_faults import FAULTS, Fault

PARTS = ("archspec", "docs", "examples", "generated", "specs", "templates", "tests")


@pytest.fixture(scope="session")
def tree(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the tests read."""
    tree = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in PARTS:
        shutil.copytree(root / name, tree / name, ignore=ignored)
    for path in root.iterdir():
        if path.is_file():
            shutil.copy2(path, tree)
    return tree


def tried(tree: Path, tests: str) -> subprocess.CompletedProcess[str]:
    options = ["-n", "0", "-q", "-x", "--tb=line", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests.split()],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.full
def test_without_a_fault_they_pass(tree: Path):
    done = tried(tree, " ".join(fault.tests for fault in FAULTS))
    assert done.returncode == pytest.ExitCode.OK, done.stdout[-2000:]


@pytest.mark.full
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_with_it_one_fails(tree: Path, fault: Fault):
    path = tree / fault.file
    right = path.read_text("utf-8")
    path.write_text(right.replace(fault.text, fault.wrong), "utf-8")
    done = tried(tree, fault.tests)
    path.write_text(right, "utf-8")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout[-2000:]
    assert " failed" in done.stdout.splitlines()[-1], "an error is no failure"


def test_there_are_enough_that_can_be_planted(root: Path):
    for fault in FAULTS:
        right = (root / fault.file).read_text("utf-8")
        assert right.count(fault.text) == 1, f"plant it elsewhere: {fault.name}"
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 25
