"""Specs and templates are found from a wheel, a wheel from an sdist, a checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(root: Path, folder: Path, *options: str) -> Path:
    command = [sys.executable, "-m", "build", "--no-isolation", "-o", str(folder)]
    run(*command, *options, root, cwd=folder)
    return next(folder.glob("*.whl"))


def environment(folder: Path) -> Path:
    """An environment's programs; it borrows the libraries of this one, not archspec.

    A .pth file within a borrowed folder, such as that of an editable install, is
    not read.
    """
    venv.create(folder)
    library = sysconfig.get_path(
        "purelib", vars={"base": str(folder), "platbase": str(folder)}
    )
    (Path(library) / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin"


@pytest.mark.parametrize(
    "kind",
    [
        "wheel",
        pytest.param("wheel from sdist", marks=pytest.mark.full),
        pytest.param("editable", marks=pytest.mark.full),
    ],
)
def test_specs_and_templates_are_found(kind: str, root: Path, tmp_path: Path):
    match kind:
        case "wheel":
            package = [build(root, tmp_path, "--wheel")]
        case "wheel from sdist":
            package = [build(root, tmp_path)]
        case _:
            package = ["-e", root]
    programs = environment(tmp_path / "environment")
    pip = [sys.executable, "-m", "pip", "--python", programs / "python", "install"]
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--ignore-installed"]
    run(*pip, *options, *package, cwd=tmp_path)

    where = "from archspec.resources import SPECS; print(SPECS)"
    specs = Path(run(programs / "python", "-c", where, cwd=tmp_path).strip())
    home = root if kind == "editable" else tmp_path / "environment"
    assert specs.is_relative_to(home)

    archspec = programs / "archspec"
    report = run(archspec, "flops", "mobilenetv2", "--format", "json", cwd=tmp_path)
    assert json.loads(report)["trainable_parameters"] == 3_504_872
    generate = ["generate", "mobilenetv2", "--target", "torch", "-o", "-"]
    source = run(archspec, *generate, cwd=tmp_path)
    assert source == (root / "generated" / "torch" / "mobilenetv2.py").read_text()
