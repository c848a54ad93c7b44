"""The same bytes, whoever writes them, when and where."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from folders import files

pytest.importorskip("onnx")

NAME = "mobilenetv3_large.yaml"
TARGETS = ("--target", "torch", "--target", "keras", "--target", "onnx", "--seed", "3")
SETTINGS = {
    "hash seed 0": {"PYTHONHASHSEED": "0"},
    "hash seed 1": {"PYTHONHASHSEED": "1"},
    "any hash seed": {"PYTHONHASHSEED": "random"},
    "another time zone": {"TZ": "Asia/Kathmandu"},
    "another user": {"USER": "somebody", "LOGNAME": "somebody", "HOME": "/"},
    "plain C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "C in UTF-8": {"LC_ALL": "C.UTF-8"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "a narrow terminal": {"COLUMNS": "20", "TERM": "dumb", "NO_COLOR": "1"},
    "colours": {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"},
    "two threads": {"OMP_NUM_THREADS": "2"},
}


@pytest.fixture
def spec(root: Path, tmp_path: Path) -> str:
    """A bundled spec, with letters that are not everywhere."""
    text = (root / "specs" / NAME).read_text("utf-8")
    assert "\nsummary: " in text
    text = text.replace("\nsummary: ", "\nsummary: \u0130\u0131\u00e9\u4e2d ", 1)
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    return NAME


def everything(run, folder: Path, spec: str, **settings: object) -> dict[str, bytes]:
    """Every target's file, what `flops` counts, and the report."""
    assert run("generate", spec, *TARGETS, "-o", "out", **settings).returncode == 0
    counted = run("flops", spec, "--format", "json", **settings)
    assert counted.returncode == 0
    found = files(folder / "out")
    assert len(found) == 3
    shutil.rmtree(folder / "out")
    page = run("report", spec, "-o", "-", **settings)
    assert page.returncode == 0
    printed = {"flops": counted.stdout, "report": page.stdout}
    return {**found, **{name: text.encode() for name, text in printed.items()}}


@pytest.mark.full
def test_under_any_setting(run, tmp_path, spec):
    expected = everything(run, tmp_path, spec)
    for setting, variables in SETTINGS.items():
        found = everything(run, tmp_path, spec, **variables)
        assert found == expected, setting


@pytest.mark.full
def test_from_anywhere(run, root, tmp_path, spec):
    """By a path that is relative, absolute, longer, of a link, or of a copy."""
    expected = everything(run, tmp_path, spec)
    (tmp_path / "a" / "b").mkdir(parents=True)
    shutil.copy(tmp_path / spec, tmp_path / "a" / "b" / spec)
    (tmp_path / "linked").symlink_to(tmp_path / "a" / "b")
    for path in (
        str(tmp_path / spec),
        f"./a/../{spec}",
        f"a/b/{spec}",
        f"linked/{spec}",
    ):
        assert everything(run, tmp_path, path) == expected, path


@pytest.mark.full
def test_from_another_folder(tmp_path, spec):
    """With files in it that other programs would read their settings from."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "two" / "pyproject.toml").write_text("[tool.ruff]\nline-length = 40\n")
    (tmp_path / "two" / "ruff.toml").write_text('indent-width = 2\nextend = "/x"\n')
    (tmp_path / "two" / ".editorconfig").write_text("[*]\nindent_style = tab\n")
    for name in ("one", "two"):
        subprocess.run(
            [
                *(sys.executable, "-m", "archspec", "generate", str(tmp_path / spec)),
                *(*TARGETS, "-o", "out"),
            ],
            cwd=tmp_path / name,
            check=True,
            capture_output=True,
        )
    assert files(tmp_path / "one" / "out") == files(tmp_path / "two" / "out")


@pytest.mark.parametrize(("mask", "mode"), [("022", 0o644), ("077", 0o600)])
def test_permissions_are_the_user_s(tmp_path, spec, mask, mode):
    command = f'umask {mask}; exec "$0" -m archspec generate {spec} -o out'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable], cwd=tmp_path, check=False, stderr=-3
    )
    assert done.returncode == 0
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("out/*/*.py")}
    assert modes == {mode}
