"""The tutorial is followed, step by step, in an empty folder."""

from __future__ import annotations

import doctest
import re
import sys
from collections.abc import Callable
from math import prod
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from test_docs import FENCE, ROOT
from watching import Watched

from archspec.elaboration import elaborate

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
COMMAND = re.compile(r"^\$ archspec (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Reader:
    """Does in the present folder what a block says, and sees what it shows.

    `yaml` is a file and `python` a part of one, which a comment names; `diff` changes
    lcnet.yaml, or the file that a comment names; what is in `console` and `pycon` is
    typed in, and `text` is what the last `watch` prints.
    """

    watched: Watched | None = None

    def __init__(self, archspec: Callable[..., CompletedProcess[str]]):
        self.archspec = archspec
        self.variables: dict[str, object] = {}

    def yaml(self, block: str):
        Path(title(block)).write_text(block, "utf-8")

    def diff(self, block: str):
        path = Path(changed(block))
        block = block.removeprefix(f"# {path}\n")
        for hunk in block.split("@@\n"):
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            new = "".join(line[1:] for line in lines if line[0] in " +")
            before, after = path.read_text("utf-8").split("\n" + old)
            path.write_text(f"{before}\n{new}{after}", "utf-8")

    def python(self, block: str):
        name = title(block)
        assert block.removeprefix(f"# {name}\n") in Path(name).read_text("utf-8")

    def console(self, block: str):
        for command, shown in COMMAND.findall(block):
            if command.startswith("watch "):
                self.watched = Watched(Path(), *command.split()[1:])
                self.text(shown)
                continue
            done = self.archspec(*command.split())
            assert (done.returncode == 0) == ("error[" not in shown), done.stderr
            printed = done.stdout + done.stderr
            assert alike(shown, printed), f"{command} prints\n{printed}"

    def text(self, block: str):
        assert self.watched is not None
        last = block.splitlines()[-1]
        printed = self.watched.until(last).lstrip("\n")
        assert alike(block, printed), f"watch prints\n{printed}"

    def stop(self) -> None:
        if self.watched is not None:
            self.watched.close()

    def pycon(self, block: str):
        parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
        session = parser.get_doctest(block, self.variables, "tutorial", None, None)
        complaints: list[str] = []
        runner.run(session, out=complaints.append, clear_globs=False)
        assert not complaints, "".join(complaints)
        self.variables = session.globs


def alike(shown: str, printed: str) -> bool:
    return doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS)


def changed(block: str) -> str:
    """The file that a diff changes."""
    return title(block) if block.startswith("# ") else "lcnet.yaml"


def title(block: str) -> str:
    """The file that a block names in its first line."""
    return block.partition("\n")[0].removeprefix("# ")


@pytest.mark.parametrize(
    ("width", "millions"),
    [(0.25, 18), (0.35, 29), (0.5, 47), (0.75, 99), (1, 161), (1.5, 342), (2, 590),
     (2.5, 906)],
)  # fmt: skip
def test_the_erratum_explains_the_figures_of_the_paper(
    tmp_path, archspec, monkeypatch, width, millions
):
    monkeypatch.chdir(tmp_path)
    reader = Reader(archspec)
    for language, block in FENCE.findall(TUTORIAL):
        is_edit = language == "diff" and changed(block) == "lcnet.yaml"
        if is_edit or language == "yaml":
            getattr(reader, language)(block)
    network = elaborate("lcnet.yaml", overrides=[f"multipliers.width={width}"])
    norms = [layer.output for layer in network.layers if layer.op == "batch_norm"]
    assert round((network.macs + 2 * sum(map(prod, norms))) / 1e6) == millions


@pytest.mark.full
@pytest.mark.usefixtures("timm")
def test_the_tutorial_comes_to_what_it_shows(tmp_path, archspec, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    reader = Reader(archspec)
    try:
        for language, block in FENCE.findall(TUTORIAL):
            getattr(reader, language)(block)
    finally:
        reader.stop()


def test_the_first_steps_show_what_happens(tmp_path, archspec, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reader = Reader(archspec)
    section = TUTORIAL.partition("\n## First steps\n")[2].partition("\n## ")[0]
    try:
        for language, block in FENCE.findall(section):
            getattr(reader, language)(block)
    finally:
        reader.stop()
