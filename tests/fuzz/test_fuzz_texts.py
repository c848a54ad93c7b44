"""Text of a spec stays text in what is written of it, and a name stays that name."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from documents import KEYS, any_text
from tally import CASES, each, tried
from test_fuzz_documents import check_told, written

from archspec.elaboration import elaborate
from archspec.errors import Diagnosed, SpecError
from archspec.targets import TARGETS, render
from archspec.targets.digest import is_unedited
from archspec.targets.names import class_name
from archspec.targets.templates import manifest

NAMES = {
    "document": "Zorro",
    "multiplier": "zorro",
    "constant": "zorro",
    "function": "zorro",
    "parameter": "zorro",
    "block": "zorro",
    "argument": "zorro",
    "let": "zorro",
    "inner": "zorro",
    "deep": "zorro",
    "join": "zorro",
    "branch": "zorro",
    "layer": "zorro",
    "table": "zorro",
    "column": "zorro",
    "row": "zorro",
    "output": "zorro",
    "variant": "zorro",
    "file": "zorro",
}
"""Whatever has a name, and what it is called while one of the others is tried."""

USUAL = {name: f"the_{name}" if name != "document" else "Network" for name in NAMES} | {
    "file": "net"
}

TEXTS = ("summary", "title", "url", "erratum", "told", "published", "address")

SPEC = """\
archspec: 1
name: "@document@"
summary: #summary#
source: {title: #title#, url: #url#}
reported: {parameters: 1k, erratum: #erratum#}
preprocessing: {scale: 1/255, interpolation: bilinear, channels: bgr}
multipliers: {"@multiplier@": 2}
define: {"@constant@": "4 * @multiplier@", "@function@(@parameter@)": "@parameter@ * 2"}
input: {channels: 3, size: 8}
classes: 4
defaults: {conv: {padding: same, bias: true}}
blocks:
  "@block@":
    summary: #told#
    source: {title: #published#, url: #address#}
    arguments: {"@argument@": int, stride: 1}
    let: {"@let@": "@argument@ * 2"}
    residual: "stride == 1 and in_channels == @argument@"
    layers:
      "@inner@": {conv: {filters: "@let@", kernel: 3, stride: stride}}
      "@join@":
        add:
          "@branch@": {"@deep@": {conv: "@let@", when: "stride == 1"}}
          other: {from: "@inner@"}
      last: {conv: "@argument@"}
layers:
  "@layer@": {conv: "@function@(@constant@)"}
  "@table@":
    columns: ["@column@", n]
    rows: {"@row@": [16, 2], second: [16, 1], third: [8, 1]}
    each: {"@block@": {"@argument@": "@column@", stride: 1}}
    repeat: n
    then: {stride: 1}
  pool: global_avg_pool
  classifier: {dense: classes}
outputs: {"@output@": classifier, other: "@layer@"}
variants: {"@variant@": {classes: 5}, plain: {classes: 5}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("texts")


def spec(texts: dict[str, str], names: dict[str, str]) -> str:
    """The spec; `texts` are YAML already, names are quoted here."""
    text = SPEC
    for name, value in names.items():
        text = text.replace(f"@{name}@", json.dumps(value, ensure_ascii=False)[1:-1])
    for field, value in texts.items():
        text = text.replace(f"#{field}#", value)
    return text


def rendered(
    folder: Path, texts: dict[str, str], names: dict[str, str], variant: str = ""
) -> dict[str, str]:
    """Both files of the spec; raises SpecError."""
    path = folder / f"{names['file']}.yaml"
    content = spec(texts, names)
    try:
        written(path, content)
    except (OSError, ValueError):
        raise SpecError.single("AS501", "no file can be called so") from None
    network = elaborate(path, [variant] if variant else [])
    path.unlink(missing_ok=True)
    return {target: render(network, target) for target in TARGETS}


def plain_texts(value: str = "benign") -> dict[str, str]:
    return dict.fromkeys(TEXTS, value)


# Text

SPECIAL = [
    '"""', "'''", "\\", '\\"""', '"' * 4, "\\N{DASH}", "{{ 7 * 7 }}", "{% raw %}",
    "{# x #}", "%s{0}", "a\rimport os", "a\x0cimport os", "a\u2028b", "a\x85import os",
    "x\\", "# noqa", "# fmt: off", "*/", "</script>", "\ufeff", "\ud800", "\x00", " ",
    "\n\n\nclass A: pass", "digest 000000000000-000000000000.", "\u202e", "\t\tx",
    "x" * 400, "a " * 200, "$(touch x)", "f'{x}'", "-*- coding: utf-7 -*-", ">>> 1/0",
]  # fmt: skip


def hostile(random: Random) -> str:
    parts = [any_text(random, 20), random.choice(SPECIAL), any_text(random, 6)]
    return "".join(random.sample(parts, random.randint(1, 3)))


def quoted(random: Random, text: str) -> str:
    """The text as YAML in one of the ways that YAML has."""
    escaped = "".join(f"\\U{ord(c):08x}" for c in text)
    ways = (
        f'"{escaped}"',
        json.dumps(text, ensure_ascii=False),
        json.dumps(text),
        "'" + text.replace("'", "''") + "'",
    )
    return random.choice(ways)


def skeleton(source: str) -> tuple[str, list[str]]:
    """The syntax without docstrings, and the comments."""
    data = source.encode("utf-8")
    tree = without_docstrings(ast.parse(data))
    tokens = tokenize.tokenize(io.BytesIO(data).readline)
    comments = [t.string for t in tokens if t.type == tokenize.COMMENT]
    return ast.dump(tree), comments


def test_texts(folder):
    """Summaries, titles, addresses: docstrings alone have them, and stay docstrings."""
    benign = {
        target: skeleton(text)
        for target, text in rendered(folder, plain_texts(), USUAL).items()
    }

    def draw(random: Random) -> dict[str, str]:
        count = random.choice((1, 1, len(TEXTS)))
        chosen = random.sample(TEXTS, count)
        return {field: quoted(random, hostile(random)) for field in chosen}

    def check(texts: dict[str, str]) -> None:
        def run() -> dict[str, str]:
            return rendered(folder, plain_texts() | texts, USUAL)

        files = tried("texts", run, children=True)
        if isinstance(files, Diagnosed):
            check_told(files)
            return
        for target, text in files.items():
            assert skeleton(text) == benign[target]
            assert is_unedited(text)
            assert all(c.isprintable() or c == "\n" for c in text)

    each("texts", CASES / 4, draw, check)


# Names

DEFINITION = ast.ClassDef | ast.FunctionDef


def scopes(tree: ast.AST) -> Iterator[set[str]]:
    """The names that no two things may share: of a file, a class, a function."""
    for node in ast.walk(tree):
        inside = list(ast.walk(node))
        if isinstance(node, ast.Module):
            yield {s.name for s in node.body if isinstance(s, DEFINITION)}
        elif isinstance(node, ast.ClassDef):
            attributes = (part for part in inside if isinstance(part, ast.Attribute))
            yield {a.attr for a in attributes if ast.unparse(a.value) == "self"}
        elif isinstance(node, ast.FunctionDef):
            yield {part.id for part in inside if isinstance(part, ast.Name)} | {
                part.arg for part in inside if isinstance(part, ast.arg)
            }


def words(tree: ast.AST) -> list[tuple[str, str]]:
    """Every identifier and string in order, each with what it is."""
    found: list[tuple[str, str]] = []
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, str):
                found.append((f"{type(node).__name__}.{field}", value))
    return found


def shape(tree: ast.AST) -> list[str]:
    """The syntax without words."""
    return [type(node).__name__ for node in ast.walk(tree)]


def check_renamed(benign: str, text: str, old: str, names: set[str]) -> None:
    """Only `old` may have changed, to one of `names`; no two words may have met."""
    one, two = (
        without_docstrings(ast.parse(source.encode())) for source in (benign, text)
    )
    assert shape(one) == shape(two)
    for (kind, was), (_, now) in zip(words(one), words(two), strict=True):
        forms = {was.replace(old, name) for name in names}
        forms |= {was.replace(class_name(old), class_name(name)) for name in names}
        # A variable is in small letters, and has more of them beside an import.
        forms |= {form.lower() for form in forms}
        forms |= {f"{form}_out" for form in forms}
        assert now == was or now in forms, f"{kind} {was!r} became {now!r}"
    for left, right in zip(scopes(one), scopes(two), strict=True):
        assert len(left) == len(right), "two names became one"


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | DEFINITION):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                del node.body[0]
    return tree


def test_names(folder):
    """Each is refused, or stands where the usual one did, and nothing else changes."""
    benign = {
        kind: rendered(
            folder,
            plain_texts(),
            USUAL | {kind: name},
            name if kind == "variant" else "plain",
        )
        for kind, name in NAMES.items()
    }
    identifiers = sorted(
        {
            word
            for text in benign["block"].values()
            for _, word in words(ast.parse(text))
        }
    )
    reserved = sorted(
        {
            str(name)
            for target in TARGETS
            for key in ("taken", "globals", "locals", "helpers")
            for name in manifest(target)[key]
        }
    )
    usual = [*USUAL.values(), "net_pad", "has_zorro", "the_inner_pad", "has_the_deep"]
    pools = [identifiers, reserved, usual, KEYS, dir(__builtins__), SPECIAL]

    def draw(random: Random) -> tuple[str, str]:
        kind = random.choice(list(NAMES))
        if random.random() < 0.25:
            return kind, any_text(random, 5)
        return kind, str(random.choice(random.choice(pools)))

    def check(case: tuple[str, str]) -> None:
        kind, name = case
        if "/" in name and kind == "file":
            return  # another folder

        def run() -> Any:
            variant = name if kind == "variant" else "plain"
            return rendered(folder, plain_texts(), USUAL | {kind: name}, variant)

        files = tried("names", run, children=True)
        if isinstance(files, Diagnosed):
            check_told(files)
            return
        for target, text in files.items():
            found = manifest(target)
            printed = {name, found["parameters"].get(name, name)}
            if kind == "argument":
                printed.add(found.get("output_parameter", name))
            check_renamed(benign[kind][target], text, NAMES[kind], printed)

    each("names", CASES / 2, draw, check)
