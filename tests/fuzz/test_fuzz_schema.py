"""The JSON Schema refuses nothing that `archspec check` accepts."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from jsonschema import Draft7Validator
from mutations import garbled, mutated, near, smaller
from oddities import document
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from tally import CASES, each, tried

import archspec
from archspec.errors import ERROR, Diagnosed, SpecError
from archspec.reading.nodes import values
from archspec.reading.reader import read


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    return Draft7Validator(archspec.schema())


def as_archspec(text: str) -> Any:
    try:
        return values(read(text, "net.yaml"))
    except SpecError:
        return None


def as_editors(text: str) -> Any:
    """By YAML 1.2, whose numbers, truths and nulls have more spellings."""
    try:
        return plain(YAML(typ="safe", pure=True).load(text))
    except (YAMLError, ValueError, TypeError, RecursionError):
        return None


def plain(node: Any) -> Any:
    """As JSON: keys are texts, and so are dates, which YAML 1.2 does not have."""
    match node:
        case dict():
            return {str(key): plain(value) for key, value in node.items()}
        case list():
            return [plain(item) for item in node]
        case None | bool() | int() | float() | str():
            return node
        case _:
            return str(node)


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize("reader", [as_archspec, as_editors])
@pytest.mark.parametrize(
    ("kind", "share", "draw"),
    [
        ("near the grammar", 4, near),
        ("mutated specs", 4, mutated),
        ("garbled specs", 2, garbled),
    ],
)
@pytest.mark.full
def test_what_it_refuses_check_refuses(
    kind: str,
    share: float,
    draw: Callable[[Random], Any],
    reader: Callable[[str], Any],
    validator: Draft7Validator,
    tmp_path,
):
    path = tmp_path / "net.yaml"

    def check(tree: Any) -> None:
        text = tree if isinstance(tree, str) else document(tree)
        data = reader(text)
        if data is None or validator.is_valid(data):
            return
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        found = tried(
            f"schema, {kind}", lambda: archspec.check(path, targets=["torch"])
        )
        if isinstance(found, Diagnosed):
            return
        errors = [error.message for error in validator.iter_errors(data)]
        assert any(fault.severity == ERROR for fault in found), errors[:1]

    each(f"schema, {kind}, {reader.__name__}", share * CASES, draw, check, smaller)
