"""Free text of a spec: in a docstring, printed plainly, and nowhere else."""

from __future__ import annotations

import ast
import importlib
import io
import json
import tokenize
from functools import cache

import pytest

from archspec.targets import TARGETS

SPEC = """\
archspec: 1
name: Net
summary: {0}
source: {{title: {0}, url: {0}}}
input: {{channels: 3, size: 32}}
defaults: {{conv: {{padding: same, bias: false}}}}
blocks:
  unit:
    summary: {0}
    source: {{title: {0}, url: {0}}}
    arguments: {{filters: int}}
    layers: {{conv: {{conv: filters}}}}
layers: {{a: {{unit: 8}}, b: {{conv: 8}}}}
reported: {{parameters: 1, erratum: {0}}}
variants: {{other: {{summary: {0}, blocks: {{unit: {{summary: {0}}}}}}}}}
"""
MARK = "owned"
TERMINAL = "\x1b[2J\x1b]0;owned\x07\x9b31m\x08\x7f"
TEXTS = {
    "the end of a docstring": '"""\nimport owned\n"""',
    "other quotes": "'''\nimport owned\n'''",
    "a backslash before the end": '\\"""; import owned #',
    "a backslash at the end": "owned\\",
    "line ends": "x\rimport owned\r\nimport owned\x0bimport owned\x0cimport owned",
    "line ends of Unicode": "x\u0085import owned\u2028import owned\u2029import owned",
    "a page of Jinja": "{{ owned.__class__ }}{% import 'owned' %}{# owned #}",
    "a format": "{owned.__init__.__globals__} %(owned)s %n ${owned}",
    "a comment": "# owned: noqa\n# type: ignore owned",
    "an encoding": "-*- coding: utf-7 owned -*-",
    "commands to a terminal": TERMINAL,
    "from right to left": "\u202eowned\u2066\u200f",
    "invisible": "ow\u200bned\ufeffowned\u00ad",
    "HTML": "<script>owned()</script><img src=x onerror=owned()>",
    "a table": "owned | x |\n| --- |\n",
    "a digest": f"owned digest {'a' * 12}-{'b' * 12}.",
    "ruff's own comments": "# fmt: off owned\n# ruff: noqa\n# isort: skip_file",
}


@pytest.fixture(scope="module")
def printed(server, tmp_path_factory):
    """What a command prints of the spec with this text in all its fields."""
    folder = tmp_path_factory.mktemp("text")

    @cache
    def printed(text: str, *arguments: str) -> str:
        (folder / "net.yaml").write_text(spec(text), encoding="utf-8")
        command, *options = arguments
        done = server.run((command, "net.yaml", *options), str(folder), {})
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return printed


def spec(text: str) -> str:
    return SPEC.format(json.dumps(text))


def masked(source: str) -> tuple[str, list[str]]:
    """The syntax with its docstrings left empty, and the comments."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case ast.Expr(ast.Constant(str()) as docstring):
                docstring.value = ""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return ast.dump(tree), [t.string for t in tokens if t.type == tokenize.COMMENT]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("variant", [[], ["--variant", "other"]], ids=["base", "other"])
def test_it_becomes_no_code(printed, text, target, variant):
    options = ("generate", "-o", "-", "--target", target, *variant)
    hostile, plain = printed(text, *options), printed("plain", *options)
    assert masked(hostile) == masked(plain)
    assert MARK in hostile.replace("\u200b", "")
    assert all(c.isprintable() or c == "\n" for c in hostile)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("format", ["table", "markdown", "csv", "json"])
def test_a_terminal_takes_it_for_no_command(printed, text, format):
    found = printed(text, "flops", "--format", format)
    assert all(c.isprintable() or c == "\n" for c in found)
    assert len(found.splitlines()) == len(
        printed("plain", "flops", "--format", format).splitlines()
    )


def test_nor_what_a_foreign_file_holds(forked, tmp_path):
    (tmp_path / "net.yaml").write_text(spec("plain"))
    (tmp_path / "out" / "torch").mkdir(parents=True)
    (tmp_path / "out" / "torch" / "net.py").write_text(f"{TERMINAL}\nlast")
    refused = forked("generate", "net.yaml", "-o", "out", "--target", "torch")
    shown = forked("generate", "net.yaml", "-o", "out", "--target", "torch", "--diff")
    assert (refused.returncode, shown.returncode) == (3, 0)
    for text in (refused.stderr, shown.stdout):
        assert "-\ufffd[2J\ufffd]0;owned" in text
        assert "\n-last\n\\ No newline at end of file\n+" in text
        assert all(c.isprintable() or c == "\n" for c in text)


def test_nor_what_weights_are_called(forked, tmp_path):
    numpy, safetensors = map(importlib.import_module, ("numpy", "safetensors.numpy"))
    arrays = {f"a{TERMINAL}": numpy.zeros(2, "float32")}
    said = {"spec": TERMINAL, TERMINAL: "x\ny"}
    safetensors.save_file(arrays, tmp_path / "w.safetensors", said)
    done = forked("weights", "inspect", "w.safetensors")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(c.isprintable() or c == "\n" for c in done.stdout)
    assert len(done.stdout.splitlines()) == 4
