"""Pages of bad specs with what is said of them: how they are read, run and rewritten.

A case is a heading, a spec, one or more commands, and all that the last of them prints.
`python tests/messages.py` runs every case and writes what is said now: read the diff.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from click.testing import Result
from typer.testing import CliRunner

from archspec import resources
from archspec.cli.commands import program
from archspec.verification import memory

MESSAGES = Path(__file__).parent / "reference" / "messages.md"
MISTAKES = MESSAGES.with_name("mistakes.md")
ERRORS_PAGE = resources.ERRORS
PAGES = MESSAGES, MISTAKES, ERRORS_PAGE
_CASE = re.compile(
    r"^## (?P<title>.+)\n\n"
    r"(?P<prose>(?:(?!#|```).*\n)*?)"
    r"```yaml\n(?P<spec>[^`]*)```\n\n"
    r"(?:With `(?P<options>.+)`:\n\n)?"
    r"(?:`archspec (?P<command>.+)` prints:\n\n)?"
    r"(?:```console\n(?P<console>[^`]+)```\n\n)?"
    r"```text\n(?P<message>(?:.+\n)*?)```$"
    r"(?:\n\nCorrected:\n\n```yaml\n(?P<corrected>[^`]*)```)?",
    re.MULTILINE,
)


class Case(NamedTuple):
    """A spec, the commands that are run beside it, and what the last one prints."""

    title: str
    spec: str
    commands: tuple[str, ...]
    message: str
    corrected: str | None


def cases(page: Path) -> list[Case]:
    """All that a page shows."""
    return [*map(_case, _CASE.finditer(page.read_text(encoding="utf-8")))]


def _case(found: re.Match[str]) -> Case:
    command = found["command"] or f"flops net.yaml {found['options'] or ''}"
    console = found["console"] or f"archspec {command}"
    commands = tuple(console.splitlines())
    return Case(
        found["title"], found["spec"], commands, found["message"], found["corrected"]
    )


def complete(spec: str) -> str:
    """With what a spec needs besides, at its end, where it moves no line."""
    starts = ("layers:", "blocks:", "define:")
    return spec + _REST if spec.startswith(starts) else spec


_INTRODUCTION = MESSAGES.read_text(encoding="utf-8").partition("\n## ")[0]
_REST = "".join(re.findall(r"^    (.*\n)", _INTRODUCTION, re.MULTILINE))


def said(spec: str, commands: tuple[str, ...]) -> Result:
    """What the last command prints in this folder, where the spec is `net.yaml`."""
    Path("net.yaml").write_text(complete(spec), encoding="utf-8")
    *before, last = commands
    for command in before:
        if command.startswith("archspec "):
            assert run(command).exit_code == 0, command
        else:
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            environment = os.environ | {"PATH": path}
            subprocess.run(["sh", "-c", command], check=True, env=environment)
    return run(last)


def run(command: str) -> Result:
    """`archspec ...` in this process, as on a machine with memory enough."""
    with patch.object(memory, "installed", lambda: 64 * memory.GIB):
        return CliRunner().invoke(program([]), shlex.split(command)[1:])


def _rewritten(found: re.Match[str]) -> str:
    case = _case(found)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        done = said(case.spec, case.commands)
    if done.exit_code not in (0, 2) or done.stdout:
        print(case.title, done.exit_code, done.stdout, done.exception)
    start, end = (place - found.start() for place in found.span("message"))
    return found[0][:start] + done.stderr + found[0][end:]


if __name__ == "__main__":
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(_CASE.sub(_rewritten, text), encoding="utf-8")
