"""YAML as the language reads it (rule 13)."""

from __future__ import annotations

import pytest

from archspec.errors import SpecError
from archspec.reading.nodes import Mapping, Scalar, Sequence
from archspec.reading.reader import read


def value(text: str):
    node = read(f"x: {text}", "spec.yaml")
    assert isinstance(node, Mapping)
    found = node.entries["x"]
    assert isinstance(found, Scalar)
    return found.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3),
        ("-3", -3),
        ("010", 10),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        ("1.001e-5", 1.001e-5),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0.5_160", "0.5_160"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("yes", "yes"),
        ("True", "True"),
        ("2020-01-01", "2020-01-01"),
        ("1:30", "1:30"),
        ("'3'", "3"),
        ('"~"', "~"),
    ],
)
def test_scalar(text, expected):
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_keys_are_text():
    node = read("{1e-3: a, true: b, 0.50: c}", "spec.yaml")
    assert isinstance(node, Mapping)
    assert list(node.entries) == ["1e-3", "true", "0.50"]


def test_places_count_from_one():
    node = read("a:\n  b: [1, 'two']\n", "spec.yaml")
    assert isinstance(node, Mapping)
    inner = node.section("a")
    assert str(inner.place_of("b")) == "spec.yaml:2:3"
    items = inner.entries["b"]
    assert isinstance(items, Sequence)
    assert [(i.place.line, i.place.column) for i in items.items] == [(2, 7), (2, 10)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 3", "anchors and aliases are not part of the language"),
        ("a: 3\nb: *a", "anchors and aliases are not part of the language"),
        ("a: !!int 3", "tags are not part of the language: tag:yaml.org,2002:int"),
        ("a: !x {}", "tags are not part of the language: !x"),
        ("<<: {a: 1}", "merge keys are not part of the language"),
        ("a: 1\na: 2", "duplicate key 'a' (first on line 1)"),
        ("? [a]\n: 1", "a key is a name, found a list"),
        ("a: {b: max(1, 2)}", "'max(1' has an unbalanced bracket"),
        ("a: {f(x, y): 3}", "'f(x' has an unbalanced bracket"),
        ("a: [1, 2", "invalid YAML: did not find expected ',' or ']'"),
        ("a: \x07", "invalid YAML: control characters are not allowed"),
        ("", "the file is empty"),
        ("a: 1\n---\nb: 2", "a file holds one document"),
        ("[" * 50 + "]" * 50, "nested deeper than 40 levels"),
        ("[" + "1," * 30_000 + "]", "more than 20000 keys and values"),
        ("#" * 600_000, "a spec has at most 500000 characters"),
    ],
)
def test_refused(text, message):
    with pytest.raises(SpecError) as caught:
        read(text, "spec.yaml")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == message
    assert diagnostic.place is not None


def test_a_long_number_is_text():
    assert value("9" * 5000) == "9" * 5000


def test_unbalanced_bracket_says_quote_it():
    with pytest.raises(SpecError, match="quote it"):
        read("a: {b: max(1, 2)}", "spec.yaml")


def test_a_text_that_is_no_utf8(tmp_path):
    from archspec.reading.reader import read_file

    path = tmp_path / "spec.yaml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SpecError, match=r"spec\.yaml is not UTF-8: byte 0 is 0xff"):
        read_file(path)
