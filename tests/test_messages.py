"""Whole error messages: `reference/messages.md` has bad specs and what is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from archspec.cli import program

MESSAGES = Path(__file__).parent / "reference" / "messages.md"
CASE = re.compile(
    r"^## (?P<title>.+)\n\n"
    r"```yaml\n(?P<spec>[^`]*)```\n\n"
    r"(?:With `(?P<options>.+)`:\n\n)?"
    r"(?:`archspec (?P<command>.+)` says:\n\n)?"
    r"```text\n(?P<message>(?:.+\n)*)```$",
    re.MULTILINE,
)
TEXT = MESSAGES.read_text(encoding="utf-8")
REST = "".join(re.findall(r"^    (.*\n)", TEXT.partition("\n## ")[0], re.MULTILINE))


def complete(spec: str) -> str:
    """With what a spec needs besides, at its end, where it moves no line."""
    starts = ("layers:", "blocks:", "define:")
    return spec + REST if spec.startswith(starts) else spec


def cases():
    for case in CASE.finditer(TEXT):
        command = case["command"] or f"flops net.yaml {case['options'] or ''}"
        yield pytest.param(case["spec"], command, case["message"], id=case["title"])


@pytest.mark.parametrize(("spec", "command", "message"), list(cases()))
def test_a_bad_spec_is_told_in_full(tmp_path, monkeypatch, spec, command, message):
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(complete(spec), encoding="utf-8")
    done = CliRunner().invoke(program([]), command.split())
    assert done.stderr == message
    assert (done.exit_code, done.stdout) == (2, "")


def test_a_file_that_is_no_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_bytes(b"name: \xff")
    done = CliRunner().invoke(program([]), ["flops", "net.yaml"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == ("error[AS502]: net.yaml is not UTF-8: byte 6 is 0xff\n")


def test_every_heading_is_a_case():
    assert len(list(cases())) == TEXT.count("\n## ") >= 25
