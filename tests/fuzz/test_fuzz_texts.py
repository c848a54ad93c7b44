"""Text of a spec stays text in what is written of it."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from random import Random

import pytest
from oddities import any_text
from tally import CASES, each, tried
from test_fuzz_documents import check_told
from texts_and_names import (
    SPECIAL,
    TEXTS,
    USUAL,
    plain_texts,
    rendered,
    without_docstrings,
)

from archspec.errors import Diagnosed
from archspec.targets.digest import is_unedited


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("texts")


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


@pytest.mark.usefixtures("part")
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
