"""A name of a spec is refused, or stays that name in what is written of it."""

from __future__ import annotations

import ast
import builtins
import functools
import re
from collections.abc import Iterator
from random import Random

import pytest
from oddities import KEYS, any_text
from tally import CASES, each, tried
from test_fuzz_documents import check_told
from texts_and_names import (
    DEFINITION,
    NAMES,
    SPECIAL,
    USUAL,
    plain_texts,
    rendered,
    without_docstrings,
)

from archspec.errors import Diagnosed
from archspec.targets import TARGETS
from archspec.targets.code import class_name
from archspec.targets.templates import manifest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("texts")


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


def check_renamed(benign: str, text: str, old: str, name: str) -> None:
    """Only `old` may have changed, to `name`; no two words may have met."""
    one, two = (
        without_docstrings(ast.parse(source.encode())) for source in (benign, text)
    )
    assert shape(one) == shape(two)
    for (kind, was), (_, now) in zip(words(one), words(two), strict=True):
        forms = {
            was.replace(old, name),
            was.replace(class_name(old), class_name(name)),
        }
        # A variable is in small letters, and has a suffix where the file needs it.
        forms |= {form.lower() for form in forms}
        forms |= {f"{form}_out" for form in forms} | {f"{form}_" for form in forms}
        assert now == was or now in forms, f"{kind} {was!r} became {now!r}"
    for left, right in zip(scopes(one), scopes(two), strict=True):
        assert len(left) == len(right), "two names became one"


@functools.cache
def pools() -> list[list[str]]:
    """Names that mean something to the language, to Python, or in a generated file."""
    lists = ("taken", "globals", "locals", "helpers")
    reserved = [n for t in TARGETS for key in lists for n in manifest(t)[key]]
    derived = [
        "net_pad",
        "the_inner_pad",
        "has_the_deep",
        "the_layer_out",
        "layers_out",
    ]
    return [reserved, [*USUAL.values(), *derived], KEYS, dir(builtins), SPECIAL]


def renamed_by_targets() -> set[str]:
    """Names that are printed otherwise, which others may have taken."""
    found: set[str] = set()
    for target in TARGETS:
        said = manifest(target)
        found |= {*said["parameters"], *said["parameters"].values()}
        found.add(said.get("output_parameter", ""))
    return found


@pytest.mark.usefixtures("part")
def test_names(folder):
    """Each is refused, or stands where a usual one would, and nothing else changes."""
    left_out = renamed_by_targets()

    def files(kind: str, name: str) -> dict[str, str]:
        variant = name if kind == "variant" else "plain"
        return rendered(folder, plain_texts(), USUAL | {kind: name}, variant)

    plain = functools.cache(files)
    source = "".join(files("block", "usual").values())
    identifiers = sorted({word for _, word in words(ast.parse(source))})

    def draw(random: Random) -> tuple[str, str]:
        kind = random.choice(NAMES)
        if random.random() < 0.25:
            return kind, any_text(random, 5)
        return kind, random.choice(random.choice([identifiers, *pools()]))

    def check(case: tuple[str, str]) -> None:
        kind, name = case
        if name in left_out or ("/" in name and kind == "file"):
            return
        found = tried("names", lambda: files(kind, name), children=True)
        if isinstance(found, Diagnosed):
            check_told(found)
            return
        usual = re.sub(r"[^_]", "z", name)  # as long, so that lines break alike
        if usual != name:
            for target, text in found.items():
                check_renamed(plain(kind, usual)[target], text, usual, name)

    each("names", CASES / 2, draw, check)
