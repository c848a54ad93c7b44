"""A name of a spec is refused, or stays that name in what is written of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from random import Random
from typing import Any

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
from archspec.targets.names import class_name
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


@pytest.mark.slow
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
