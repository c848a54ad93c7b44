"""Specs and templates are found from a wheel, a wheel from an sdist, a checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping, Sequence
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


# Spack's archspec, which has the same package and the same command

BOTH = (
    "note: Spack's archspec is in this environment and overwrites files of "
    "archspec-nn; use an isolated one: pipx install archspec-nn\n"
)
TAKEN = (
    "note: uninstalling Spack's archspec removed files of archspec-nn; "
    "restore them: pip install --force-reinstall --no-deps archspec-nn\n"
)
USES = {
    "ours": "import archspec; archspec.load('mobilenetv2')",
    "theirs": "import archspec.cpu; archspec.cpu.host()",
}


@pytest.fixture(scope="module")
def wheels(root: Path, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    download = [sys.executable, "-m", "pip", "download", "--no-deps", "archspec==0.2.7"]
    if subprocess.run(
        download, cwd=folder, capture_output=True, check=False
    ).returncode:
        pytest.skip("the package index cannot be reached")
    (theirs,) = folder.glob("*.whl")
    ours = build(root, tmp_path_factory.mktemp("built"), "--wheel")
    return {"theirs": theirs, "ours": ours}


class Shared:
    """An environment with both, installed in an order."""

    def __init__(self, folder: Path, wheels: Mapping[str, Path], order: Sequence[str]):
        self.folder, self.programs = folder, environment(folder / "environment")
        options = ["--no-index", "--no-deps", "--ignore-installed"]
        for name in order:
            self.pip("install", *options, wheels[name])

    def pip(self, *arguments: str | Path) -> None:
        pip = [sys.executable, "-m", "pip", "--python", self.programs / "python"]
        run(*pip, *arguments, cwd=self.folder)

    def notes(self) -> dict[str, str]:
        """What each of our commands says beside the count, if it is there."""
        return {
            name: self.counted(self.programs / name)
            for name in ("archspec", "archspec-nn")
            if (self.programs / name).exists()
        }

    def counted(self, program: Path) -> str:
        command = [program, "flops", "mobilenetv2", "--format", "json"]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout)["trainable_parameters"] == 3_504_872
        return done.stderr

    def usable(self) -> set[str]:
        """Which of the two can be imported and used."""
        python = self.programs / "python"
        return {
            name
            for name, code in USES.items()
            if subprocess.run(
                [python, "-c", code], cwd=self.folder, capture_output=True, check=False
            ).returncode
            == 0
        }


@pytest.mark.full
@pytest.mark.parametrize(
    ("order", "usable"),
    [
        (("theirs", "ours"), {"ours", "theirs"}),
        (("ours", "theirs"), {"theirs"}),  # the package's __init__.py is theirs
    ],
)
def test_beside_the_archspec_of_spack(tmp_path, wheels, order, usable):
    shared = Shared(tmp_path, wheels, order)
    assert shared.notes() == {"archspec": BOTH, "archspec-nn": BOTH}
    assert shared.usable() == usable


@pytest.mark.full
@pytest.mark.parametrize("order", [("theirs", "ours"), ("ours", "theirs")])
def test_the_archspec_of_spack_is_removed(tmp_path, wheels, order):
    """It takes files of ours with it; our own command works, and says what to do."""
    shared = Shared(tmp_path, wheels, order)
    shared.pip("uninstall", "-y", "archspec")
    assert shared.notes() == {"archspec-nn": TAKEN}
    assert shared.usable() == set()
    shared.pip(
        "install", "--no-index", "--no-deps", "--force-reinstall", wheels["ours"]
    )
    assert shared.notes() == {"archspec": "", "archspec-nn": ""}
    assert shared.usable() == {"ours"}


@pytest.mark.full
@pytest.mark.parametrize("order", [("theirs", "ours"), ("ours", "theirs")])
def test_ours_is_removed_beside_it(tmp_path, wheels, order):
    """What conda imports stays; the command and `__init__.py` are gone."""
    shared = Shared(tmp_path, wheels, order)
    shared.pip("uninstall", "-y", "archspec-nn")
    assert shared.notes() == {}
    assert shared.usable() == {"theirs"}
