"""Templates of one's own come before the bundled ones, and fail with a place."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from archspec.cli.commands import program
from archspec.resources import TEMPLATES


@pytest.fixture
def generate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Print a small network by a `module.jinja` of one's own."""
    monkeypatch.chdir(tmp_path)
    Path("mine/torch").mkdir(parents=True)

    def run(module: str):
        Path("mine/torch/module.jinja").write_text(module, encoding="utf-8")
        arguments = "generate squeezenet_1_1 --target torch -o - --templates mine"
        return CliRunner().invoke(program([]), arguments.split())

    return run


def test_they_come_before_the_bundled_ones(generate):
    bundled = (TEMPLATES / "torch" / "module.jinja").read_text("utf-8")
    done = generate(bundled.replace("import math", "import cmath as math\nimport math"))
    assert done.exit_code == 0, done.stderr
    plain = CliRunner().invoke(
        program([]), "generate squeezenet_1_1 --target torch -o -".split()
    )
    own, usual = done.stdout.splitlines(), plain.stdout.splitlines()
    assert usual == [line for line in own if line in usual]


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            "{{ module.header }}\n{% if %}",
            "error[AS507]: a template failed: Expected an expression, got 'end of "
            "statement block'\n  --> mine/torch/module.jinja:2:1\n",
        ),
        (
            "{{ module.nothing }}",
            "error[AS507]: a template failed: 'dict object' has no attribute 'nothing'",
        ),
        (
            "{{ module.keys() | first }}",
            "error[AS507]: a template failed: a template was given the plain value '",
        ),
        (
            "x = 3",
            "error[AS507]: a template failed: the text has no digest to fill in\n",
        ),
        ("x = (", "error[AS507]: a template failed: '(' was never closed"),
    ],
)
def test_one_that_fails(generate, module, message):
    done = generate(module)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert "Traceback" not in done.stderr


def test_no_spec_names_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(
        "archspec: 1\nname: Net\ninput: {channels: 3, size: 8}\n"
        "templates: mine\nlayers: {a: identity}\n",
        encoding="utf-8",
    )
    done = CliRunner().invoke(program([]), ["generate", "net.yaml", "-o", "out"])
    assert done.exit_code == 2
    assert done.stderr.startswith("error[AS201]: unknown key 'templates'")
