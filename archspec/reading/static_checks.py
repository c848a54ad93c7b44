"""Checks of the text: keys must be names, and values expressions.

They cover every part of the language in which text could become code, unused variants
included; the meaning of names and expressions is checked later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from archspec.errors import Diagnostic, Place
from archspec.expressions import (
    BUILTINS,
    Call,
    Expression,
    ExpressionError,
    Name,
    bounded,
    check,
    evaluate,
    parse,
    walk,
)
from archspec.reading.identifiers import (
    REFERENCE,
    ROW_NUMBER,
    VARIANT,
    builtin_fault,
    definition,
    expression_fault,
    identifier_fault,
    identifier_help,
)
from archspec.reading.nodes import Mapping, Node, Scalar, Sequence, text_of

MAX_VARIANTS = 100

Check = Callable[[str, Place], Iterator[Diagnostic]]

CODE = ("multipliers", "define", "input", "inputs", "defaults", "blocks", "layers")
"""The parts of a document whose keys are printed and whose values are evaluated."""

REFERENCES = ("from", "like", "again", "after", "before", "extends")
"""The keys below them whose values are no expressions."""

TEXTS = ("summary", "source")
"""The keys of a block whose values are texts."""


def screened(tree: Mapping) -> Iterator[Diagnostic]:
    """Malformed names (AS203, AS206, AS207) and expressions (AS301)."""
    yield from _keys(tree, _name)
    yield from _class_name(tree.get("name"))
    for key in CODE:
        node = tree.get(key)
        if isinstance(node, Mapping) and key == "define":
            yield from _keys(node, _definition)
            yield from _values(node)
        elif isinstance(node, Mapping) and key == "blocks":
            yield from _keys(node, _block_name)
            yield from chain.from_iterable(map(_block, node.entries.values()))
        elif node is not None:
            yield from _node(node)
    outputs = tree.section("outputs")
    yield from _keys(outputs, _name)
    for output in outputs.entries.values():
        yield from _reference(output)
    variants = tree.section("variants")
    yield from _keys(variants, _variant)
    for name in [*variants.entries][MAX_VARIANTS : MAX_VARIANTS + 1]:
        message = f"at most {MAX_VARIANTS} variants, found {len(variants.entries)}"
        yield Diagnostic("AS208", message, variants.place_of(name))
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
        elif key == "rows" and isinstance(value, Mapping):
            yield from _keys(value, _row)
            yield from _values(value)
        elif key in REFERENCES and isinstance(value, Scalar):
            yield from _reference(value) if key != "extends" else ()
        else:
            yield from _node(value)


def _reference(node: Node) -> Iterator[Diagnostic]:
    text = text_of(node)
    if text is not None and not REFERENCE.fullmatch(text):
        message = f"there is no earlier layer '{text}'"
        row = re.fullmatch(r"(\w+)\[(\w+)\]", text)
        help = f"a row of a table is {row[1]}.{row[2]}" if row else ""
        yield Diagnostic("AS305", message, node.place, help=help)


def _columns(columns: Sequence) -> Iterator[Diagnostic]:
    for column in columns.items:
        if isinstance(column, Scalar):
            yield from _name(column.text, column.place)


def _name(name: str, place: Place) -> Iterator[Diagnostic]:
    fault = identifier_fault(name)
    if fault is not None and name != "from":  # a modifier, and a word of Python
        yield Diagnostic("AS207", fault, place, help=identifier_help(name))


def _row(name: str, place: Place) -> Iterator[Diagnostic]:
    """A row of a patch may have a number."""
    if not ROW_NUMBER.fullmatch(name):
        yield from _name(name, place)


def _class_name(node: Node | None) -> Iterator[Diagnostic]:
    text = text_of(node)
    if node is None or text is None:
        return
    fault = identifier_fault(text) or builtin_fault(text)
    if fault:
        help = identifier_help(text)
        yield Diagnostic("AS203", fault, node.place, "name", help)


def _block_name(name: str, place: Place) -> Iterator[Diagnostic]:
    yield from _name(name, place)
    if fault := builtin_fault(name):
        yield Diagnostic("AS207", fault, place)


def _definition(key: str, place: Place) -> Iterator[Diagnostic]:
    found = definition(key)
    if found is None:
        message = f"'{key}' is neither a name nor a function such as 'scale(c)'"
        yield Diagnostic("AS206", message, place)
    elif found[1] and (fault := builtin_fault(found[0])):
        yield Diagnostic("AS207", fault, place)


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
        expression = parse(text)
        check_python(expression)
        if not any(map(_is_defined, walk(expression))):
            check(expression, {})
            evaluate(expression, {})
    except ExpressionError as error:
        yield expression_fault(error, place)


def _is_defined(part: Expression) -> bool:
    """Whether a document gives it its meaning."""
    return isinstance(part, Name) or (
        isinstance(part, Call) and part.function not in BUILTINS
    )


def check_python(expression: Expression) -> None:
    """Raise ExpressionError for a name of Python that no spec can define."""
    for part in walk(expression):
        if isinstance(part, Call) and is_python(part.function):
            message = f"unknown function '{part.function}'"
            raise ExpressionError(message, part.offset, len(part.function))
        if isinstance(part, Name) and part.id.startswith("_"):
            message = f"unknown name '{part.id}'"
            raise ExpressionError(message, part.offset, len(part.id))


def is_python(function: str) -> bool:
    """Whether it is a function of Python's, and none of the language's."""
    return function not in BUILTINS and builtin_fault(function) is not None
