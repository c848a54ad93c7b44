"""What no document may hold: keys that are no names, values that are no expressions.

Both are told from the text alone, of every part of the language in which text could
become code. What the names and expressions mean is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from archspec.errors import Diagnostic, Place
from archspec.expressions import ExpressionError, bounded, parse
from archspec.reading.lexicon import (
    VARIANT,
    expression_fault,
    identifier_fault,
    identifier_help,
)
from archspec.reading.nodes import Mapping, Node, Scalar, Sequence

Check = Callable[[str, Place], Iterator[Diagnostic]]

CODE = ("multipliers", "define", "input", "defaults", "blocks", "layers")
"""The parts of a document whose keys are printed and whose values are evaluated."""

REFERENCES = ("extends", "from", "like", "after", "before")
"""The keys below them whose values are no expressions."""

TEXTS = ("summary", "source")
"""The keys of a block whose values are texts."""

_DEFINITION = re.compile(r"\s*\w+\s*(?:\(\s*[\w\s,]*\)\s*)?", re.ASCII)


def screened(tree: Mapping) -> Iterator[Diagnostic]:
    """Names (AS206, AS207) and expressions (AS301) of a document that cannot be."""
    for key in CODE:
        node = tree.get(key)
        if isinstance(node, Mapping) and key == "define":
            yield from _keys(node, _definition)
            yield from _values(node)
        elif isinstance(node, Mapping) and key == "blocks":
            yield from _keys(node, _name)
            yield from chain.from_iterable(map(_block, node.entries.values()))
        elif node is not None:
            yield from _node(node)
    yield from _keys(tree.section("outputs"), _name)
    variants = tree.section("variants")
    yield from _keys(variants, _variant)
    for patch in variants.entries.values():
        if isinstance(patch, Mapping):
            yield from screened(patch)


def _block(node: Node) -> Iterator[Diagnostic]:
    texts = dict.fromkeys(TEXTS)
    yield from _node(node.replaced(**texts) if isinstance(node, Mapping) else node)


def _node(node: Node) -> Iterator[Diagnostic]:
    match node:
        case Mapping():
            yield from _keys(node, _name)
            yield from _values(node)
        case Sequence(items):
            for item in items:
                yield from _node(item)
        case Scalar(str() as text):
            yield from _expression(text, node.place)
        case Scalar(value):
            yield from _number(value, node.place)


def _keys(node: Mapping, check: Check) -> Iterator[Diagnostic]:
    for key in node.entries:
        yield from check(key, node.place_of(key))


def _values(node: Mapping) -> Iterator[Diagnostic]:
    for key, value in node.entries.items():
        if key == "columns" and isinstance(value, Sequence):
            yield from _columns(value)
        elif key not in REFERENCES or not isinstance(value, Scalar):
            yield from _node(value)


def _columns(columns: Sequence) -> Iterator[Diagnostic]:
    for column in columns.items:
        if isinstance(column, Scalar):
            yield from _name(column.text, column.place)


def _name(name: str, place: Place) -> Iterator[Diagnostic]:
    fault = identifier_fault(name)
    if fault is not None and name != "from":  # a modifier, and a word of Python
        yield Diagnostic("AS207", fault, place, help=identifier_help(name))


def _definition(key: str, place: Place) -> Iterator[Diagnostic]:
    if not _DEFINITION.fullmatch(key):
        message = f"'{key}' is neither a name nor a function such as 'scale(c)'"
        yield Diagnostic("AS206", message, place)


def _variant(name: str, place: Place) -> Iterator[Diagnostic]:
    if not VARIANT.fullmatch(name):
        help = "letters, digits, _ and ., starting with a letter or a digit"
        message = f"'{name}' is not a variant's name"
        yield Diagnostic("AS207", message, place, help=help)


def _number(value: object, place: Place) -> Iterator[Diagnostic]:
    try:
        bounded(value)
    except ExpressionError as error:
        yield expression_fault(error, place)


def _expression(text: str, place: Place) -> Iterator[Diagnostic]:
    try:
        parse(text)
    except ExpressionError as error:
        yield expression_fault(error, place)
