"""`--format json` of every command has the keys that docs/commands.md lists."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from archspec.cli.commands import COMMANDS, program

PAGE = (Path(__file__).parent.parent / "docs" / "commands.md").read_text("utf-8")
SECTION = PAGE.partition("\n## JSON\n")[2].partition("\n## ")[0]
ROW = re.compile(r"^\| `archspec (.+?)` \| (.+?) \| (.*?) ?\|$", re.MULTILINE)
SPEC = """
archspec: 1
name: Small
input: {channels: 1, size: 4}
defaults: {conv: {padding: same, bias: false}}
multipliers: {width: 2}
layers: {conv: {conv: width}}
"""
PLACEHOLDERS = {
    "SPEC": "small.yaml",
    "OP": "conv",
    "BLOCK": "fire",
    "CODE": "AS204",
    "PATH=VALUES": "multipliers.width=1,2",
    "FIGURE": "macs",
    "MODEL": "small.onnx",
    "FILE": "w.safetensors",
    "OUT": "out.safetensors",
}
WITHOUT = {"schema", "lsp", "draw", "report"}
"""Commands that print JSON in any case, or only write a file."""

EXTRA = {
    "bench": ["--rounds", "1"],
    "search": ["--trials", "4"],
    "verify": ["--target", "torch"],
}
SLOW = {"verify", "bench", "search", "import", "weights", "list", "ops"}


def rows() -> Iterator[tuple[str, str, str]]:
    """Commands, what each prints, and its keys."""
    yield from ROW.findall(SECTION)


def keys(command: str) -> set[str]:
    """Those that the table lists, with those of the commands to which it refers."""
    (listed,) = (told for name, _, told in rows() if name == command)
    words = set(re.findall("`(.+?)`", listed))
    others = {word for word in words if " " in word}
    paths = {"multipliers.width"} if "each path" in listed else set[str]()
    return paths.union(words - others, *map(keys, others))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def run(*arguments: str) -> str:
    done = CliRunner().invoke(program([]), arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_command_is_in_the_table():
    told = {command.split()[0] for command, _, _ in rows()}
    assert told == {*COMMANDS} - WITHOUT


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("command", "kind"),
    [
        pytest.param(
            command,
            kind,
            marks=[pytest.mark.full] * (command.split()[0] in SLOW),
            id=command,
        )
        for command, kind, _ in rows()
        if not command.startswith("watch")  # its test reads each line
    ],
)
def test_the_document_of_a_command(command: str, kind: str):
    words = [PLACEHOLDERS.get(word, word) for word in shlex.split(command)]
    if "w.safetensors" in words:
        run("weights", "init", "small.yaml", "-o", "w.safetensors")
    if words[0] == "import":
        run("generate", "small.yaml", "--target", "onnx", "-o", ".")
        shutil.move("onnx/small.onnx", "small.onnx")
    document = json.loads(run(*words, *EXTRA.get(words[0], []), "--json"))
    expected = keys(command)
    assert isinstance(document, list) == (kind == "list")
    if not expected:
        assert document
        return
    each = document if kind == "list" else [document]
    for one in document.values() if kind.startswith("object by") else each:
        assert {*one} == expected
