"""The JSON Schema: what it accepts, what it refuses, and how editors are told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from messages import ERRORS_PAGE, MESSAGES, MISTAKES, cases, complete

import archspec
from archspec.language.blocks import standard_blocks
from archspec.language.document import KEYS
from archspec.ops import JOINS, OPS
from archspec.ops.attributes import Refused
from archspec.reading.nodes import values
from archspec.reading.reader import read
from archspec.resources import SPECS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
START = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
classes: 10
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  activation: relu
"""


def test_it_is_a_schema_of_draft_07():
    schema = archspec.schema()
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert json.loads(json.dumps(schema)) == schema


def test_the_command_prints_it_and_always_the_same(archspec, tmp_path):
    printed = archspec("schema")
    written = archspec("schema", "-o", "archspec.schema.json", python=("-R",))
    text = (tmp_path / "archspec.schema.json").read_text("utf-8")
    assert printed.stdout == text
    assert written.stderr == "wrote archspec.schema.json\n"
    (tmp_path / "archspec.schema.json").write_text("{}")
    again = archspec("schema", "-o", "archspec.schema.json")
    assert again.returncode == 3
    assert archspec("schema", "-o", "archspec.schema.json", "--force").returncode == 0


def test_the_command_imports_no_framework():
    code = (
        "import sys; from archspec.cli import main; sys.argv = ['archspec', 'schema']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print({'numpy', 'torch', 'keras'} & {*sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr == "set()\n"


@pytest.mark.parametrize(
    "path",
    sorted(SPECS.rglob("*.yaml")),
    ids=lambda path: str(path.relative_to(SPECS)),
)
def test_bundled_specs_pass(validator, path):
    document = values(read(path.read_text("utf-8"), str(path)))
    if path.parent.name == "blocks":
        document = {"blocks": document}
    assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_examples_of_pages_are_refused_only_if_check_refuses_them(refused, page):
    for example in FENCE.findall(page.read_text("utf-8")):
        keys = set(re.findall(r"^(\w+):", example, re.MULTILINE))
        start = re.sub(rf"^({'|'.join(keys)}):.*\n(  .*\n)*", "", START, flags=re.M)
        for text in (example, start + example):
            by_schema, by_check = refused(text)
            assert by_check or not by_schema, text


@pytest.mark.parametrize(
    "page", [MESSAGES, MISTAKES, ERRORS_PAGE], ids=lambda p: p.stem
)
def test_mistakes_are_refused_only_if_check_refuses_them(refused, page):
    for case in cases(page):
        for text in filter(None, (complete(case.spec), case.corrected)):
            by_schema, by_check = refused(text)
            assert by_check or not by_schema, case.title


def test_every_op_block_and_key_has_a_description():
    schema = archspec.schema()
    layer = schema["definitions"]["layer"]["properties"]
    assert {*OPS, *JOINS, *standard_blocks().entries} <= {*layer}
    assert {*schema["properties"]} == {*KEYS}


def errors(validator: Draft7Validator, text: str) -> list[str]:
    found = validator.iter_errors(values(read(START + text, "net.yaml")))
    return sorted(error.message for error in found)


@pytest.mark.parametrize("op", sorted({**OPS, **JOINS}))
def test_literal_attributes_pass_if_the_op_accepts_them(validator, op):
    """Both ways: the validators of the ops are the only source."""
    kind = {**OPS, **JOINS}[op]
    literals = [0, 1, 2, 3.5, -1, True, "same", [1, 2], [1, 2, 3, 4], ["normal", 0.1]]
    literals += [["uniform", "fan_in", 2], [0, 0, 0, 0], [-1, 1], 88.0, "relu", 0.5]
    for name, field in kind.fields.items():
        for literal in literals:
            try:
                field.read(literal)
                accepted = True
            except Refused:
                accepted = False
            body = {op: {name: literal}}
            document = {"layers": {"a": body}, "extends": "x.yaml"}
            passes = validator.is_valid(document)
            has_names = re.search("[a-z]{3}", str(literal)) and literal is not True
            if accepted or not has_names:
                assert passes == accepted, (name, literal)
