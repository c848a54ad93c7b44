"""A spec with everything that has a text or a name, to put others in their place."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from test_fuzz_documents import written

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.targets import TARGETS, render

NAMES = (
    "document multiplier constant function parameter block argument let inner deep "
    "join branch layer table column row output variant file"
).split()
"""Whatever has a name."""

USUAL = {name: f"the_{name}" if name != "document" else "Network" for name in NAMES} | {
    "file": "net"
}

TEXTS = ("summary", "title", "url", "erratum", "told", "published", "address")

DEFINITION = ast.ClassDef | ast.FunctionDef

SPECIAL = [
    '"""', "'''", "\\", '\\"""', '"' * 4, "\\N{DASH}", "{{ 7 * 7 }}", "{% raw %}",
    "{# x #}", "%s{0}", "a\rimport os", "a\x0cimport os", "a\u2028b", "a\x85import os",
    "x\\", "# noqa", "# fmt: off", "*/", "</script>", "\ufeff", "\ud800", "\x00", " ",
    "\n\n\nclass A: pass", "digest 000000000000-000000000000.", "\u202e", "\t\tx",
    "x" * 400, "a " * 200, "$(touch x)", "f'{x}'", "-*- coding: utf-7 -*-", ">>> 1/0",
]  # fmt: skip

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


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | DEFINITION):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                del node.body[0]
    return tree
