"""Documents that mean harm: each is refused soon, in little memory, with its message.

`hostile/NAME.yaml` has the small ones, `hostile/expected.txt` the code of the first
message; the large ones, and those that need an unusual file, are made here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from folders import files

HOSTILE = Path(__file__).with_name("hostile")
LINES = HOSTILE.joinpath("expected.txt").read_text("utf-8").splitlines()
EXPECTED = dict(line.split(": ", 1) for line in LINES)
HEAD = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}}
"""
SMALL = HEAD + "layers: {a: {conv: 8}}\n"
MADE = {
    "ten_megabytes": ("#" * 10_000_000, "AS101"),
    "ten_megabytes_of_keys": (
        "".join(f"key{n}: 1\n" for n in range(900_000)),
        "AS101",
    ),
    "lists": ("[" * 100_000 + "]" * 100_000, "AS101"),
    "braces": ("{a: " * 60_000 + "}" * 60_000, "AS101"),
    "dashes": ("- " * 100_000 + "x", "AS101"),
    "questions": ("? " * 200_000, "AS101"),
    "a_long_list": ("[" + "1," * 240_000 + "]", "AS101"),
    "many_keys": (
        "{" + ",".join(f"k{n}: 1" for n in range(40_000)) + "}",
        "AS101",
    ),
    "many_layers": (
        HEAD + "layers:\n" + "".join(f"  l{n}: {{conv: 8}}\n" for n in range(8_000)),
        "AS101",
    ),
    "digits": (
        HEAD + f"layers: {{a: {{conv: {'9' * 100_000}}}}}\n",
        "AS301",
    ),
    "parentheses": (
        HEAD + f"layers: {{a: {{conv: {'(' * 10_000}8{')' * 10_000}}}}}\n",
        "AS301",
    ),
    "a_long_expression": (
        HEAD + f"layers: {{a: {{conv: {'max+' * 100_000}1}}}}\n",
        "AS301",
    ),
    "many_branches": (
        HEAD
        + f"layers: {{a: {{add: {{{', '.join(f'b{n}: ~' for n in range(3000))}}}}}}}",
        "AS203",
    ),
}
OUT_OF_REACH = "error[AS503]: 'extends': '{}' is outside the folders that it may read"
ABOVE = f"extends: base.yaml\n{SMALL}"


PRINTING = ["generate", "-o", "out"], ["check"]
COMMANDS = ["flops"], *PRINTING


def refused(bounded, folder: Path, spec: Path | str, commands=COMMANDS) -> set[str]:
    """The first lines that commands say of a spec they refuse."""
    before = sorted(folder.rglob("*"))
    said: set[str] = set()
    for command in commands:
        done = bounded(command[0], str(spec), *command[1:])
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert "Traceback" not in done.stderr
        said.add(done.stderr.partition("\n")[0])
    assert sorted(folder.rglob("*")) == before
    return said


def codes(said: set[str]) -> set[str]:
    """Of the messages that these texts start with."""
    return {text.removeprefix("error[").partition("]: ")[0] for text in said}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_hostile_document(bounded, tmp_path, name):
    """One of a name `printed_...` can be counted, but not be written as source."""
    commands = PRINTING if name.startswith("printed_") else COMMANDS
    said = refused(bounded, tmp_path, HOSTILE / f"{name}.yaml", commands)
    assert codes(said) == {EXPECTED[name]}


@pytest.mark.parametrize(
    "name", ["name_document", "expression_lambda", "yaml_billion_laughs", "yaml_utf16"]
)
def test_a_hostile_document_by_itself(run, tmp_path, name):
    """As a user runs it: a whole process, and not the child of one."""
    spec = HOSTILE / f"{name}.yaml"
    for command in ("flops", "generate"):
        done = run(command, str(spec))
        assert (done.returncode, done.stdout) == (2, "")
        assert codes({done.stderr}) == {EXPECTED[name]}
    assert not files(tmp_path)


def test_every_document_is_expected():
    assert {path.stem for path in HOSTILE.glob("*.yaml")} == set(EXPECTED)


@pytest.mark.parametrize("name", MADE)
def test_a_large_document(bounded, tmp_path, name):
    text, code = MADE[name]
    (tmp_path / "net.yaml").write_text(text, encoding="utf-8")
    assert codes(refused(bounded, tmp_path, "net.yaml")) == {code}


OUTSIDE: dict[str, Callable[[Path, Path], object]] = {
    "a link out": lambda base, secret: base.symlink_to(secret),
    "a link to a link out": lambda base, secret: (
        base.with_name("step.yaml").symlink_to(secret),
        base.symlink_to("step.yaml"),
    ),
    "a dangling link": lambda base, secret: base.symlink_to(secret / "missing"),
    "a link to itself": lambda base, secret: base.symlink_to(base.name),
    "a link to zeros": lambda base, secret: base.symlink_to("/dev/zero"),
    "a link to stdin": lambda base, secret: base.symlink_to("/proc/self/fd/0"),
    "a pipe": lambda base, secret: os.mkfifo(base),
    "a folder": lambda base, secret: base.mkdir(),
}


@pytest.fixture
def outside(tmp_path_factory):
    """A folder beside the current one."""
    return tmp_path_factory.mktemp("outside")


@pytest.mark.parametrize("make", OUTSIDE.values(), ids=OUTSIDE)
def test_extends_follows_no_link_out(bounded, tmp_path, outside, make):
    """And says no word of what the other file holds."""
    folder = tmp_path / "specs"
    folder.mkdir()
    secret = outside / "secret.yaml"
    secret.write_text("password: 1234\n")
    (folder / "net.yaml").write_text(ABOVE)
    make(folder / "base.yaml", secret)
    (said,) = refused(bounded, tmp_path, folder / "net.yaml")
    assert said in {
        "error[AS503]: 'extends': file not found: 'base.yaml'",
        f"{OUT_OF_REACH.format('base.yaml')}",
    }


@pytest.mark.parametrize("place", ["net.yaml", "specs/net.yaml"])
@pytest.mark.parametrize("name", ["{}", "{}.txt", "a/../{}"])
def test_extends_names_no_path_out(bounded, tmp_path, outside, name, place):
    """Below the current folder or not: whether the file exists is not said, either."""
    spec = tmp_path / place
    (spec.parent / "a").mkdir(parents=True)
    (outside / "secret.yaml").write_text(SMALL)
    for secret in ("secret.yaml", "missing.yaml"):
        path = os.path.relpath(outside / secret, spec.parent)
        for named in (name.format(path), str(outside / secret)):
            spec.write_text(f'extends: "{named}"\n{SMALL}')
            said = refused(bounded, tmp_path, spec, [["flops"]])
            assert said == {OUT_OF_REACH.format(named)}


def test_extends_reads_only_yaml(bounded, tmp_path):
    (tmp_path / ".env").write_text("password: 1234\n")
    (tmp_path / "net.yaml").write_text(f"extends: .env\n{SMALL}")
    assert refused(bounded, tmp_path, "net.yaml") == {
        "error[AS503]: 'extends': file not found: '.env'"
    }


@pytest.mark.parametrize("length", [300, 5_000])
def test_extends_of_a_long_name(bounded, tmp_path, length):
    (tmp_path / "net.yaml").write_text(f"extends: {'a' * length}\n{SMALL}")
    (said,) = refused(bounded, tmp_path, "net.yaml")
    assert said.startswith("error[AS503]: 'extends': file not found: 'aaaa")


def test_extends_ends(bounded, tmp_path):
    for number in range(20):
        text = f"extends: net{number + 1}.yaml\n{SMALL}"
        (tmp_path / f"net{number}.yaml").write_text(text)
    assert refused(bounded, tmp_path, "net0.yaml") == {
        "error[AS503]: more than 8 files extend each other"
    }


def test_extends_reads_few_files(bounded, tmp_path):
    """However often each is named."""
    names = [f"net{number}.yaml" for number in range(20)]
    for number, name in enumerate(names):
        text = f"extends: [{', '.join(names[number + 1 :] * 9)}]\n{SMALL}"
        (tmp_path / name).write_text(text)
    assert refused(bounded, tmp_path, "net0.yaml") == {
        "error[AS503]: more than 8 files extend each other"
    }
    done = bounded("flops", "net12.yaml")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("make", OUTSIDE.values(), ids=OUTSIDE)
def test_a_spec_is_a_file(bounded, tmp_path, make):
    """A link may lead to one: it is the user who names it."""
    spec = tmp_path / "net.yaml"
    (secret := tmp_path / "secret.yaml").write_text("password: 1234\n")
    make(spec, secret)
    (said,) = refused(bounded, tmp_path, "net.yaml")
    assert said in {
        "error[AS501]: there is no spec 'net.yaml'",
        "error[AS501]: there is no spec in the folder 'net.yaml'",
        "error[AS202]: missing key 'archspec'",
    }


@pytest.mark.parametrize(
    "name",
    [
        "x; import os.yaml",
        "x\rimport os.yaml",
        'x"""\nimport os.yaml',
        "__init__.yaml",
        "class.yaml",
        "a b.yaml",
        "\uff4eet.yaml",
        "-.yaml",
        ".yaml",
        "..yaml",
    ],
)
def test_the_name_of_the_file_becomes_no_code(bounded, tmp_path, name):
    (tmp_path / name).write_text(SMALL)
    (said,) = refused(bounded, tmp_path, f"./{name}", PRINTING[:1])
    assert said.startswith(("error[AS207]: ", "error[AS501]: "))
