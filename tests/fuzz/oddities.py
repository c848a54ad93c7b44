"""What documents are drawn from: words of the language, odd ones, any text.

A tree is dictionaries, lists and scalars as text, which `document` writes as YAML.
"""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from archspec.language.blocks import standard_blocks
from archspec.language.canonical import BLOCK
from archspec.language.canonical_layers import MODIFIERS, TABLE
from archspec.language.document import KEYS as SPEC_KEYS
from archspec.language.names import PREDEFINED, RESERVED_LAYERS
from archspec.ops import JOINS, OPS
from archspec.words import WORDS

Tree = Any

LAYERS = [*"abcd", "stem", "head"]
COLUMNS = [*"ijk"]
FIELDS = {name: list(op.fields) for name, op in OPS.items()} | {
    name: [*block.section("arguments").entries]
    for name, block in sorted(standard_blocks().entries.items())
}
"""The attributes of every op."""
STANDARD = [name for name in FIELDS if name not in OPS]
KEYS = sorted(
    {
        *SPEC_KEYS, *MODIFIERS, *TABLE, *BLOCK, *RESERVED_LAYERS, *JOINS,
        *FIELDS, *PREDEFINED, *LAYERS, *COLUMNS, "n", "s", "unit", "width", "extends",
        "variants", "like", "title", "url", "parameters", "macs", "erratum", "size",
        "channels", "scale", "mean", "resize", "crop", "interpolation", "f(x)",
        *(name for fields in FIELDS.values() for name in fields),
    }
)  # fmt: skip
"""Words that mean something somewhere."""

NUMBERS = [
    "0", "1", "2", "3", "8", "-1", "0.5", "1.5", "1e-3", "1e-300", "1e300", "1e999",
    "-1e999", "999999999999999", "1000000000000000", "1e15", "1000", "1001", "65536",
    "0x10", "1_000", "007", "+3", ".5", "5.", "1e5", "0.1", "-0.0", ".nan", ".inf",
    "9" * 400, "3.4M", "1/255", "2147483648", "50000", "1e-999",
]  # fmt: skip
ODD = [
    "", "~", "null", "true", "false", "True", "yes", "same", "symmetric", "valid",
    "channels", "residual", "step", "row", "[", "]", "{", "}", "{}", "[]", "[[]]",
    "[1, 2]", "[1, 2, 3, 4]", "[same]", "{a: 1}", "{a: {a: {a: 1}}}", "*a", "&a 1",
    "!!int 3", "!x y", "<<", "@a", "`a", "%a", "|", ">", "?", "- a", "a: b", "# a",
    "'", '"', "''", '"\\u0000"', '"\\n"', '"\\r"', '"\\u2028"', '"\\x85"', "\t",
    "\u00e9", "\u0444(x)", "\U0001f600", "\ufb01lters", "\u00aa", "x\u0301", "()",
    "(", "a b", "a.b", "a(b)", "f(x, y)", "lambda: 0", "__class__", "__import__('os')",
    "{{ 7 * 7 }}", "{% raw %}", "a" * 65, "x" * 600, "if", "None", "int", "float",
    "bool", "word", "not", "1 if 0 else 2", "../../etc/passwd", "mobilenetv2.yaml",
    "(" * 60 + "1" + ")" * 60, "-" * 90 + "1", "f(" * 20 + "1" + ")" * 20,
]  # fmt: skip
CHARACTERS = [
    *"\t\n\r\x00\x07\x0b\x0c\x1b\x1c\x7f\x85\xa0\xad\u2028\u2029\u202e\ufeff\ufffe",
    *"\"'\\`{}[]()%#:-?*&!|>@,. ~<=/$^;+_", "\u00e9", "\u0416", "\u4e2d", "\U0001f600",
    "\ud800", "\U0010ffff", "\u0301", "\ufb01", "0", "9", "a", "Z",
]  # fmt: skip


def any_text(random: Random, most: int = 12) -> str:
    """Text of odd characters, of any, or of words of the language."""
    kind = random.randrange(4)
    length = random.randint(0, most)
    if kind == 0:
        return "".join(random.choices(CHARACTERS, k=length))
    if kind == 1:
        return "".join(chr(random.randrange(0x110000)) for _ in range(length))
    if kind == 2:
        return "".join(chr(random.randrange(0x20, 0x250)) for _ in range(length))
    return random.choice(("", " ", "\n")).join(scalar(random) for _ in range(length))


def scalar(random: Random) -> str:
    return random.choice(random.choice((NUMBERS, ODD, KEYS, sorted(WORDS))))


def anything(random: Random, depth: int = 3) -> Tree:
    """Any structure of the language's words."""
    kind = random.randrange(6) if depth else 0
    many = range(random.randint(0, 4))
    if kind == 1:
        return [anything(random, depth - 1) for _ in many]
    if kind >= 4:
        return {
            random.choice((random.choice(KEYS), scalar(random))): anything(
                random, depth - 1
            )
            for _ in many
        }
    return any_text(random, 4) if kind == 2 else scalar(random)


# Writing

_PLAIN = re.compile(r"[A-Za-z0-9_.+/()~][A-Za-z0-9_.+*/ ()<>=~-]*")


def written(tree: Tree) -> str:
    """A tree as YAML in braces; a text that is not plain is quoted."""
    match tree:
        case dict():
            pairs = (f"{_scalar(key)}: {written(value)}" for key, value in tree.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(map(written, tree))}]"
        case _:
            return _scalar(tree)


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.strip() == text:
        return text
    return json.dumps(text, ensure_ascii=False)


def document(tree: Tree) -> str:
    """A tree as a file, with one key of the document a line."""
    if not isinstance(tree, dict):
        return tree if isinstance(tree, str) else written(tree)
    return "".join(f"{_scalar(key)}: {written(v)}\n" for key, v in tree.items())
