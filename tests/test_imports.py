"""Imports go one way, and no framework is loaded where none is needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    code = (
        "from importlinter.cli import lint_imports; exit(lint_imports(no_cache=True))"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def optional(root: Path) -> set[str]:
    """The libraries that only targets, weights and verify may import."""
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (modules,) = [c["forbidden_modules"] for c in contracts if c["id"] == "frameworks"]
    return set(modules)


def test_the_contracts_hold(root: Path):
    result = lint_imports(root)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("errors.py", "import archspec.network", "Imports go one way"),
        ("expressions/__init__.py", "import archspec.ops", "Imports go one way"),
        ("errors.py", "def f():\n    import archspec.analysis", "Imports go one way"),
        ("newcomer.py", "", "Imports go one way"),
        ("resources.py", "import archspec.errors", "Imports go one way"),
        ("cli/catalogue.py", "import archspec.language", "The command line stands"),
        ("network.py", "import numpy", "Only targets, runtime, weights"),
        (
            "cli/catalogue.py",
            "def f():\n    import torch",
            "Only targets, runtime, weights",
        ),
    ],
)
def test_a_contract_is_broken_by(
    root: Path, tmp_path: Path, module: str, line: str, broken: str
):
    shutil.copytree(root / "archspec", tmp_path / "archspec")
    shutil.copy(root / "pyproject.toml", tmp_path)
    with (tmp_path / "archspec" / module).open("a") as file:
        file.write(f"\n{line}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout
    (verdict,) = [text for text in result.stdout.splitlines() if "BROKEN" in text]
    assert verdict.startswith(broken)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("flops", "mobilenetv2"),
        ("flops", "mobilenetv2", "--format", "json"),
        ("generate", "mobilenetv2", "--target", "torch", "-o", "-"),
        ("generate", "mobilenetv2", "--target", "keras", "-o", "-"),
    ],
    ids=" ".join,
)
def test_no_framework_is_loaded_by(archspec, optional: set[str], arguments):
    result = archspec(*arguments, python=("-X", "importtime"))
    assert result.returncode == 0, result.stderr
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "archspec.cli" in loaded
    assert not optional & {name.partition(".")[0] for name in loaded}


@pytest.mark.parametrize(
    "words", [(), ("--variant", "0.5_160"), ("--set", "classes=9")]
)
def test_counting_does_not_load_pydantic(archspec, words: tuple[str, ...]):
    """Typer validates by it what needs it, such as a number."""
    result = archspec("flops", "mobilenetv2", *words, python=("-X", "importtime"))
    assert result.returncode == 0, result.stderr
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "typer.main" in loaded
    assert "pydantic" not in loaded
