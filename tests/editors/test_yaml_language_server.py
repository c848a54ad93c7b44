"""The schema in yaml-language-server, which most editors validate YAML with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from yaml_client import Found, YamlEditor, yaml_editor

from archspec.language.blocks import standard_blocks
from archspec.language.document import KEYS
from archspec.ops import JOINS, OPS
from archspec.resources import SPECS

pytestmark = pytest.mark.full

START = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
layers:
"""


@pytest.fixture(scope="module")
def editor(tmp_path_factory) -> Iterator[YamlEditor]:
    with yaml_editor(tmp_path_factory.mktemp("yaml")) as editor:
        yield editor


def test_no_bundled_spec_is_marked(editor):
    """As this server reads YAML, whose scalars are not quite those of archspec."""
    for path in sorted(SPECS.rglob("*.yaml")):
        text = path.read_text("utf-8")
        if path.parent.name == "blocks":
            lines = (f"  {line}".rstrip() for line in text.splitlines())
            text = "\n".join(["blocks:", *lines, ""])
        assert editor.file(text).errors() == [], path


def test_mistakes_are_marked_where_they_are(editor):
    layers = """\
  stem: {conv: {fliters: 8, padding: 1}}
  pool: {avg_pool: {kernel: 0}}
  act: {actvation: relu}
  top: {conv: 8 ** 2}
"""
    assert editor.file(START + layers).errors() == [
        Found(6, "1", "Incorrect type. Expected one of array, string, null."),
        Found(6, "fliters", "Property fliters is not allowed."),
        Found(7, "0", "Value is below the minimum of 1."),
        Found(8, "actvation", "Property actvation is not allowed."),
        Found(
            9,
            "8 ** 2",
            "Expected a number, a word or an expression such as channels // 2.",
        ),
    ]


def test_keys_ops_attributes_and_words_are_completed(editor):
    layers = "  a:\n    \n  b: {conv: {filters: 8, k}}\n"
    layers += "  c: {activation: }\n  d: \n  e: {attention: {q}}\n"
    file = editor.file(START + layers)
    ops = {*OPS, *JOINS, *standard_blocks().entries}
    offered = {*file.completions("a:\n    ")}
    assert offered == ops | {"again", "columns", "rows", "each", "when", "repeat"} | {
        "then",
        "from",
    }
    named = file.completions("d: ")
    assert ops <= {*named}
    assert str(named["tokens"].documentation.value).startswith("Turn a feature map")
    assert {*file.completions("filters: 8, k")} == {*OPS["conv"].fields} - {"filters"}
    assert {"relu", "hard_swish", "gelu"} <= {*file.completions("activation: ")}
    assert {"query", "heads"} <= {*file.completions("attention: {q")}
    assert {*editor.file("\n").completions("\n")} == {*KEYS}


def test_completion_leaves_the_form_of_an_op_open(editor):
    file = editor.file(START + "  a:\n    \n")
    written = {n: file.inserted("a:\n    ", n) for n in ("conv", "conv_bn", "tokens")}
    assert written == {
        "conv": "conv: ",
        "conv_bn": "conv_bn: ",
        "tokens": "tokens: ${1:null}",
    }
    assert file.inserted("a:\n    ", "add") == "add:\n  "


def test_hover_explains_ops_attributes_and_keys(editor):
    file = editor.file((SPECS / "mobilenetv2.yaml").read_text("utf-8"))
    assert "Convolution, batch norm and activation." in file.hover("{conv_bn_act")
    assert "weight of the *old*" in file.hover("batch_norm")
    assert "Added to the variance." in file.hover("epsilon")
    assert "Run it this many times in a row" in file.hover("repeat")
    assert "Convolution" not in file.hover("pool: global_avg_pool")  # no list of ops
