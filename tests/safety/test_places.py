"""Where `generate` writes: below the folder that the user names, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from folders import files

from archspec.targets import TARGETS

SPEC = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}}
layers: {a: {conv: 8}}
variants: {wide: {layers: {a: {conv: 16}}}, "1.5": {}, "1_5": {}, "v..": {}}
"""
EVERY = {f"out/{target}/net.py" for target in TARGETS}


@pytest.fixture(autouse=True)
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    return path


def written(folder: Path) -> set[str]:
    return set(files(folder)) - {"net.yaml"}


@pytest.mark.parametrize("output", ["out", "./out", "a/../out", "../{}/out", "{}/out"])
def test_the_output_folder_is_the_user_s_choice(forked, tmp_path, output):
    """`{}` is the folder's name, or its whole path."""
    place = tmp_path.name if output.startswith("..") else str(tmp_path)
    (tmp_path / "a").mkdir()
    done = forked("generate", "net.yaml", "-o", output.format(place))
    assert (done.returncode, done.stdout) == (0, "")
    assert written(tmp_path) == EVERY


def test_a_variant_s_name_is_no_path(forked, tmp_path):
    assert (
        forked("generate", "net.yaml", "--variant", "v..", "-o", "out").returncode == 0
    )
    assert written(tmp_path) == {f"out/{target}/net_v__.py" for target in TARGETS}


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a\nb", "", "."])
def test_a_variant_that_is_not_there(forked, tmp_path, name):
    done = forked("generate", "net.yaml", "--variant", name, "-o", "out")
    assert done.returncode == 2
    assert done.stderr.startswith("error[AS209]: unknown variant '")
    assert not written(tmp_path)


def test_a_name_too_long_for_the_disk(forked, tmp_path):
    many = ["--variant", "wide"] * 60
    done = forked("generate", "net.yaml", "--target", "torch", *many, "-o", "out")
    name = f"net{'_wide' * 60}.py"
    assert (
        done.stderr
        == f"error[AS505]: cannot write out/torch/{name}: File name too long\n"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert not written(tmp_path)


@pytest.mark.parametrize("name", ["con", "nul", "aux", "com1", "LPT1"])
def test_names_of_devices_are_names(forked, tmp_path, name):
    """Windows has taken them, but there no spec's file can have such a name either."""
    (tmp_path / "net.yaml").rename(tmp_path / f"{name}.yaml")
    assert forked("generate", f"{name}.yaml", "-o", "out").returncode == 0
    assert written(tmp_path / "out") == {f"{target}/{name}.py" for target in TARGETS}


@pytest.mark.parametrize(
    ("arguments", "first", "second", "name"),
    [
        (["net.yaml", "Net.yaml"], "net.yaml", "Net.yaml", "Net.py"),
        (["net.yaml", "b/net.yaml"], "net.yaml", "b/net.yaml", "net.py"),
        (["net.yaml", "--all-variants"], "net.yaml 1.5", "net.yaml 1_5", "net_1_5.py"),
    ],
)
def test_two_files_that_would_be_one(forked, tmp_path, arguments, first, second, name):
    """Also on disks that do not tell upper case from lower."""
    (tmp_path / "b").mkdir()
    for path in ("Net.yaml", "b/net.yaml"):
        (tmp_path / path).write_text(SPEC)
    before = files(tmp_path)
    done = forked("generate", *arguments, "-o", "out")
    assert done.stderr == (
        f"error[AS506]: '{first}' and '{second}' would both be written to {name}\n"
        "   help: generate them separately, into different folders: -o FOLDER\n"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert files(tmp_path) == before


IN_THE_WAY: dict[str, Callable[[Path, Path], object]] = {
    "a folder that is a link": lambda out, other: (out / "torch").symlink_to(other),
    "a folder that is a dangling link": lambda out, other: (out / "torch").symlink_to(
        other / "missing"
    ),
    "a link to a file": lambda out, other: (
        (out / "torch").mkdir(),
        (out / "torch" / "net.py").symlink_to(other / "kept.py"),
    ),
    "a dangling link": lambda out, other: (
        (out / "torch").mkdir(),
        (out / "torch" / "net.py").symlink_to(other / "new.py"),
    ),
    "a link to itself": lambda out, other: (out / "torch").symlink_to("torch"),
}


@pytest.mark.parametrize("make", IN_THE_WAY.values(), ids=IN_THE_WAY)
@pytest.mark.parametrize("option", ["--force", "--check", "--diff"])
def test_no_link_is_followed(forked, tmp_path, make, option):
    out, other = tmp_path / "out", tmp_path / "other"
    out.mkdir()
    other.mkdir()
    (other / "kept.py").write_text("kept\n")
    make(out, other)
    done = forked("generate", "net.yaml", "-o", "out", option)
    assert done.returncode == 3
    assert done.stderr.endswith("is a link; archspec does not follow links\n")
    assert done.stdout == ""
    assert files(other) == {"kept.py": b"kept\n"}
    assert not (out / "keras").exists()


@pytest.mark.parametrize("name", ["out", "out/torch", "out/keras"])
def test_a_file_where_a_folder_belongs(forked, tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("kept\n")
    done = forked("generate", "net.yaml", "-o", "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error[AS505]: cannot write {name}")
    assert path.read_text() == "kept\n"
