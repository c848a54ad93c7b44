"""The values of a document: how each is read, every expression parsed and placed.

Functions raise ValueError for what they refuse. The message says what the value "is" or
"has": `parts` puts the key before it, and the value behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from archspec.errors import Place
from archspec.expressions import (
    Constant,
    Expression,
    ExpressionError,
    Items,
    bounded,
    check,
    evaluate,
    parse,
)
from archspec.language.parts import At, value
from archspec.language.ranges import values
from archspec.reading.identifiers import builtin_fault, identifier_fault
from archspec.reading.nodes import Mapping, Node, Scalar, Sequence, Word, is_null

TENSOR = "tensor"
INPUT = "input"
TENSORS = (TENSOR, INPUT)
"""What declares a tensor argument: a required one, or the block's input by default."""

TYPES = ("int", "float", "bool", "word", *TENSORS)
MAX_TEXT = 2_000
MAX_NUMBERS = 64
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.([0-9]{0,15}))?)\s*([kKMGB]?)")
_SCALE = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9}


class Formula(NamedTuple):
    """An expression and its place; `items` are those of a list."""

    expression: Expression
    place: Place
    items: tuple[Formula, ...] = ()


class Quantity(NamedTuple):
    """A number with the precision it was printed in: 3.4M is 3,400,000 +- 50,000."""

    value: float
    tolerance: float
    text: str


def formula(node: Node, at: At) -> Formula | None:
    """A scalar, or a list of them, as a formula."""
    if not isinstance(node, Sequence):
        return scalar(node, at)
    if not node.items:
        at.refuse(node, "must have at least one value")
    items = [formula(item, at) for item in node.items]
    parts = tuple(item for item in items if item is not None)
    if not parts:
        return None
    return Formula(Items(tuple(p.expression for p in parts)), parts[0].place, parts)


def _formula(node: Node) -> Formula:
    match node:
        case Scalar(str() as text):
            return Formula(parse(text), node.place)
        case Scalar(int() | float() as number):
            return Formula(Constant(bounded(number)), node.place)
        case Sequence():
            raise ValueError("must be a number, a word or an expression")
        case _:
            raise ValueError("must be a number, a word, an expression or a list")


scalar = value(_formula)


def optional_formula(node: Node, at: At) -> Formula | None:
    """A formula; null for "not given"."""
    return None if is_null(node) else formula(node, at)


def argument(node: Node, at: At) -> Formula | str | None:
    """A type, a default, or null for "taken from `defaults`"."""
    if isinstance(node, Scalar) and node.value in TYPES:
        return node.text
    return optional_formula(node, at)


def text(node: Node, what: str = "a text") -> str:
    """A scalar as written; raises ValueError for anything else."""
    if not isinstance(node, Scalar) or node.value is None:
        raise ValueError(f"must be {what}")
    if len(node.text) > MAX_TEXT:
        raise ValueError(f"must have at most {MAX_TEXT:,} characters")
    return node.text


def word(node: Node) -> Word:
    """A name that is no expression: an op, a reference."""
    return Word(text(node, "a name"), node.place)


def class_name(node: Node) -> Word:
    """The name of a class or function of generated code."""
    name = word(node)
    if fault := identifier_fault(name) or builtin_fault(name):
        raise ValueError(fault)
    return name


def flag(node: Node) -> bool:
    """Whether it is true."""
    return isinstance(node, Scalar) and node.value is True


def mark(node: Node) -> bool:
    """`true` or `false`; raises ValueError for anything else."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    raise ValueError("'keep' must be true or false")


def classes(node: Node) -> int:
    """The number of classes."""
    number = node.value if isinstance(node, Scalar) else None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError("must be a whole number of at least 1")
    return _bounded(number)


def _bounded(number: Any) -> Any:
    """The number; raises ValueError where no expression could be so large or small."""
    try:
        return bounded(number)
    except ExpressionError as error:
        raise ValueError(f"must be a valid number: {error.message}") from None


def version(node: Node) -> int:
    """The version of the language."""
    number = node.value if isinstance(node, Scalar) else None
    if number != 1 or isinstance(number, bool):
        raise ValueError("must be 1, the supported version of the language")
    return 1


def number(node: Node) -> float:
    """A number, or arithmetic such as 1/255; raises ExpressionError, too."""
    expression = _formula(node).expression
    check(expression, {})
    found = bounded(evaluate(expression, {}))
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise ValueError("must be a number")
    return float(found)


def positive(node: Node) -> float:
    """A number above 0."""
    found = number(node)
    if found <= 0:
        raise ValueError("must be above 0")
    return found


def for_channels(
    read: Callable[[Node], float],
) -> Callable[[Node], float | list[float]]:
    """Reads one number, or one for each channel."""

    def each(node: Node) -> float | list[float]:
        if not isinstance(node, Sequence):
            return read(node)
        if len(node.items) > MAX_NUMBERS:
            raise ValueError(f"must have at most {MAX_NUMBERS} values, one a channel")
        if any(isinstance(item, Sequence | Mapping) for item in node.items):
            raise ValueError("must be a number or a list of numbers")
        return [read(item) for item in node.items]

    return each


def pixels(node: Node) -> int:
    """A length in pixels."""
    found = number(node)
    if found < 1 or not found.is_integer():
        raise ValueError("must be a whole number of at least 1")
    return int(found)


def one_of(*words: str) -> Callable[[Node], str]:
    """Reads one of these words."""

    def each(node: Node) -> str:
        if text(node) not in words:
            *most, last = words
            raise ValueError(f"must be {', '.join(most)} or {last}")
        return text(node)

    return each


def choices(node: Node) -> tuple[str, ...]:
    """Values to choose from: a list of them, or a range such as 0.5:1:0.25."""
    if not isinstance(node, Sequence):
        return values(text(node, "a range such as 0.5:1:0.25, or a list of values"))
    if not node.items:
        raise ValueError("must have at least one value")
    return tuple(map(_choice, node.items))


def _choice(node: Node) -> str:
    if isinstance(node, Sequence):
        return f"[{', '.join(map(_choice, node.items))}]"
    return text(node, "a list of numbers and words")


def quantity(node: Node) -> Quantity:
    """A figure as a paper prints it."""
    match = _QUANTITY.fullmatch(text(node))
    if match is None:
        raise ValueError("must be a number such as 3.4M")
    found, decimals, unit = match.groups()
    scale = _SCALE[unit]
    tolerance = 0.5 * scale / 10 ** len(decimals or "")
    return Quantity(_bounded(float(found) * scale), tolerance, match[0])
