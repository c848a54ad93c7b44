"""`docs/errors.md`: a section for each code, and each shows what archspec prints."""

from __future__ import annotations

import re

import messages
import pytest

from archspec import resources
from archspec.api.catalogue import explanations
from archspec.elaboration import elaborate
from archspec.errors import VerifyError
from archspec.verification import Verifier

CASES = messages.cases(resources.ERRORS)
NEEDS_A_RUN = {"AS519", "AS603", "AS701", "AS702", "AS703", "AS704", "AS705", "AS706"}
"""Not reproducible by a spec: another library, a process that dies, imports."""


def parameters(cases):
    for case in cases:
        code = case.title.partition(":")[0]
        marks = [pytest.mark.full] if code.startswith("AS6") else []
        yield pytest.param(code, case, id=code, marks=marks)


def test_every_code_has_a_section_and_no_section_another(root):
    modules = (root / "archspec").rglob("*.py")
    texts = [module.read_text(encoding="utf-8") for module in modules]
    codes = {code for text in texts for code in re.findall(r'"(AS\d{3})"', text)}
    assert [*explanations()] == sorted(codes)
    assert {case.title.partition(":")[0] for case in CASES} == codes - NEEDS_A_RUN


@pytest.mark.parametrize(("code", "case"), [*parameters(CASES)])
def test_the_example_prints_just_this(tmp_path, monkeypatch, code, case):
    monkeypatch.chdir(tmp_path)
    done = messages.said(case.spec, case.commands)
    assert done.stderr == case.message
    assert f"[{code}]" in done.stderr
    assert (done.exit_code, done.stdout) == (2 if "error[" in done.stderr else 0, "")
    if done.exit_code == 0:
        strict = messages.run(f"{case.commands[-1]} --strict")
        assert strict.exit_code == ("warning[" in done.stderr)


@pytest.mark.parametrize(
    ("code", "case"), [*parameters(case for case in CASES if case.corrected)]
)
def test_the_corrected_example_is_right(tmp_path, monkeypatch, code, case):
    monkeypatch.chdir(tmp_path)
    done = messages.said(case.corrected, case.commands)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1].endswith(": no problems found")


@pytest.mark.full
def test_a_process_that_ends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(messages.complete("layers: {conv: conv}\n"))
    dying = "import os; os.write(2, b'so long'); os._exit(3)"
    with (
        Verifier(("torch",), printer=lambda network, target: dying) as verifier,
        pytest.raises(VerifyError) as caught,
    ):
        verifier.verify(elaborate("net.yaml"))
    assert f"```text\n{caught.value}\n```\n" in explanations()["AS603"].text


def test_explain_prints_the_section():
    for code, section in explanations().items():
        done = messages.run(f"archspec explain {code.lower()}")
        assert (done.exit_code, done.stdout) == (0, section.text)
        assert section.text.startswith(f"## {code}: {section.title}\n\n")


def test_explain_lists_all_codes():
    done = messages.run("archspec explain")
    lines = [f"{code}  {section.title}\n" for code, section in explanations().items()]
    assert (done.exit_code, done.stdout) == (0, "".join(lines))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AS4O1", "there is no code 'AS4O1': there are AS401, AS402, AS403, AS404"),
        ("204", "there is no code '204': did you mean 'AS204'?"),
        ("colour", "there is no code 'colour': 'archspec explain' lists all codes"),
    ],
)
def test_an_unknown_code_is_told(code, told):
    done = messages.run(f"archspec explain {code}")
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in " ".join(done.stderr.split())
