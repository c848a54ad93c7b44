"""Whole error messages: `reference/messages.md` has bad specs and what is said."""

from __future__ import annotations

from pathlib import Path

import messages
import pytest
from messages import MESSAGES, MISTAKES


@pytest.mark.parametrize("case", messages.cases(MESSAGES), ids=lambda case: case.title)
def test_a_bad_spec_is_told_in_full(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    done = messages.said(case.spec, case.commands)
    assert done.stderr == case.message
    assert (done.exit_code, done.stdout) == (2, "")


def test_a_file_that_is_no_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_bytes(b"name: \xff")
    done = messages.run("archspec flops net.yaml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "error[AS502]: net.yaml is not UTF-8: byte 6 is 0xff\n"
        "   help: save it in this encoding, as editors can\n"
    )


@pytest.mark.parametrize("case", messages.cases(MISTAKES), ids=lambda case: case.title)
def test_a_mistake_is_told_in_full(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    done = messages.said(case.spec, case.commands)
    assert done.stderr == case.message
    assert (done.exit_code, done.stdout) == (2 if "error[" in done.stderr else 0, "")


@pytest.mark.parametrize(("page", "least"), [(MESSAGES, 25), (MISTAKES, 90)])
def test_every_heading_is_a_case(page, least):
    headings = page.read_text(encoding="utf-8").count("\n## ")
    assert len(messages.cases(page)) == headings >= least
