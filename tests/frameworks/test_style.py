"""Generated files stand alone, and pass a linter."""

from __future__ import annotations

import ast
import subprocess

import pytest
from exchange import case
from ruff import find_ruff_bin
from test_own_blocks import BLOCKS
from zoo import FLAVOURED, label

from archspec.targets import TARGETS

LENGTHS = {"torch": 170, "keras": 130, "nnx": 180}
IMPORTED = {"torch": {"torch"}, "keras": {"keras", "numpy"}, "nnx": {"flax", "jax"}}


def complaints(texts, folder):
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    alone = ["--quiet", "--isolated", "--no-cache", str(folder)]
    rules = ["--select", "E,F,I,UP,B", "--line-length", "88"]
    commands = ["check", *rules, *alone], ["format", "--diff", *alone]
    return "".join(
        subprocess.run(
            [find_ruff_bin(), *command], capture_output=True, check=False, text=True
        ).stdout
        for command in commands
    )


def modules(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


def assert_alone(text, target):
    known = {*IMPORTED[target], "collections", "functools", "math"}
    assert set(modules(text)) <= known


@pytest.mark.parametrize("target", TARGETS)
def test_bundled(root, target, tmp_path):
    """Those that `test_golden` compares."""
    files = (root / "generated" / target).glob("*.py")
    texts = {file.stem: file.read_text("utf-8") for file in files}
    for text in texts.values():
        assert_alone(text, target)
    assert not complaints(texts, tmp_path)


@pytest.mark.full
def test_flavours(tmp_path):
    texts = {}
    for path, flavour in FLAVOURED:
        for target in TARGETS:
            text = getattr(case(path, flavour), f"{target}_text")
            assert_alone(text, target)
            texts[label(path, (*flavour, target)).replace("-", "_")] = text
    assert not complaints(texts, tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_own_blocks(network, target, tmp_path):
    folder = tmp_path / target
    folder.mkdir()
    texts = {
        name: getattr(network(text), f"{target}_text") for name, text in BLOCKS.items()
    }
    assert not complaints(texts, folder)


@pytest.mark.parametrize("target", TARGETS)
def test_mobilenetv2_is_short(target):
    text = getattr(case("mobilenetv2"), f"{target}_text")
    assert len(text.splitlines()) <= LENGTHS[target]
