"""The JSON Schema: what it accepts, what it refuses, and how editors are told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from messages import ERRORS_PAGE, MESSAGES, MISTAKES, cases, complete

import archspec
from archspec.errors import SpecError
from archspec.language.blocks import standard_blocks
from archspec.language.document import KEYS
from archspec.ops import JOINS, OPS
from archspec.ops.attributes import Refused
from archspec.reading.nodes import NOTHING, values
from archspec.reading.reader import read, scan
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


ODD = """\
variants: {x: ~}
variants: {x: {layers: {b: {conv: 3, before: a}, a: ~}}}
search: {classes: [10, 20], layers.a.conv.filters: 8:32:8}
reported: {parameters: 3400000, macs: 300 M}
preprocessing: {mean: 1/255, crop: 224.0, resize: 200 + 24, std: [1, 2, 3]}
define: {"scale( c )": c, b: ~}
multipliers: {a: {value: 0.5, keep: ~}, b: ~}
source: {title: 2017, url: ~, names: {a: 1}}
summary: true
outputs: {x: a, y: ~}
blocks: {x: {extends: conv_bn, layers: {norm: ~}}}
blocks: {x: {arguments: {a: [1, 2], b: ~, c: true}, layers: {a: identity}}}
layers: {a: {conv: 8, from: ~, when: ~, repeat: ~, then: ~, after: ~}}
layers: {a: {conv: {filters: 1e1, kernel: [3.0, 3.0], padding: [1.0, 1, 1, 1]}}}
layers: {a: {conv: {filters: "8", initializer: [normal, fan_in, 1/3], bias: 1 == 1}}}
layers: {a: {conv: 8, when: [1, 2]}}
layers: {a: {resize: {size: ~, like: input}}}
layers: {a: {attention: {heads: 1, query: ~}}}
layers: {a: {concat: {x: {from: ~, repeat: ~}, y: {repeat: 2, b: {conv: 3}}, z: ~}}}
layers: {a: {columns: [op], rows: {x: conv, y: [tokens]}, each: {conv: 3, tokens: ~}}}
layers: {a: {columns: [c], rows: [8], each: {conv: c}, repeat: 2, then: {filters: ~}}}
layers: {a: {columns: [c], rows: {x: ~, y: [8]}, each: conv}}
layers: {a: {columns: [k], rows: [[[3, 5]]], each: {conv: {kernel: k}}}}
layers: {a: {conv: 3}, b: {again: {a: {}}, repeat: 2, when: true, from: ~}}
"""


@pytest.mark.parametrize("odd", ODD.splitlines())
def test_what_few_people_write_passes_as_well(validator, tmp_path, odd):
    layers = "" if odd.startswith("layers") else "\nlayers: {a: {conv: 8}}"
    path = tmp_path / "net.yaml"
    path.write_text(f"{START}{odd}{layers}\n", "utf-8")
    assert [f.message for f in archspec.check(path) if f.severity == "error"] == []
    document = values(read(path.read_text("utf-8"), "net.yaml"))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_the_page_says_how_many_mistakes_it_finds(validator):
    found = total = 0
    for case in cases(MISTAKES):
        node, faults = scanned(complete(case.spec))
        if "error[AS" not in case.message or faults:
            continue
        total += 1
        found += not validator.is_valid(values(node))
    page = (ROOT / "docs" / "editors.md").read_text("utf-8")
    assert f"finds {found} of {total}\n[common mistakes]" in page


def scanned(text: str) -> tuple[Any, list[Any]]:
    try:
        return scan(text, "net.yaml")
    except SpecError as error:
        return NOTHING, [*error.diagnostics]


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
