"""What the values of a document are read as, every expression parsed and placed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, cast

from pydantic_core import PydanticCustomError

from archspec.errors import Diagnostic, Place
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
from archspec.ops.fields import Read
from archspec.reading.lexicon import (
    builtin_fault,
    expression_fault,
    identifier_fault,
)
from archspec.reading.nodes import Scalar

TYPES = ("int", "float", "bool", "word")
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.([0-9]{0,15}))?)\s*([kKMGB]?)")
MAX_TEXT = 2_000
MAX_NUMBERS = 64
_SCALE = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9}


class Word(NamedTuple):
    """A name that is no expression (an op, a reference), and where it stands."""

    text: str
    place: Place


class Formula(NamedTuple):
    """An expression and where it stands."""

    expression: Expression
    place: Place


class Quantity(NamedTuple):
    """A number with the precision it was printed in: 3.4M is 3,400,000 +- 50,000."""

    value: float
    tolerance: float
    text: str


def _formula(value: Any) -> Formula:
    """A YAML scalar or list as a formula."""
    if isinstance(value, list):
        parts = [_formula(item) for item in cast("list[object]", value)]
        if not parts:
            raise ValueError("has at least one value")
        return Formula(Items(tuple(part.expression for part in parts)), parts[0].place)
    if not isinstance(value, Scalar) or value.value is None:
        raise ValueError("is a number, a word, an expression or a list of them")
    try:
        if isinstance(value.value, str):
            return Formula(parse(value.value), value.place)
        return Formula(Constant(bounded(value.value)), value.place)
    except ExpressionError as error:
        raise _placed(expression_fault(error, value.place)) from None


def _placed(diagnostic: Diagnostic) -> PydanticCustomError:
    """A diagnostic that knows its place, on its way through Pydantic."""
    context = {"diagnostic": diagnostic}
    return PydanticCustomError("placed", "an expression is wrong", context)


def _optional_formula(value: Any) -> Formula | None:
    return (
        None if isinstance(value, Scalar) and value.value is None else _formula(value)
    )


def _scalar(value: Any) -> Formula:
    if isinstance(value, list):
        raise ValueError("is a number, a word or an expression")
    return _formula(value)


def _argument(value: Any) -> Formula | str | None:
    if isinstance(value, Scalar) and value.value in TYPES:
        return value.text
    return _optional_formula(value)


def _cell(value: Any) -> Formula | Word | None:
    return value if isinstance(value, Word) else _optional_formula(value)


# What is raised below says what the value "is" or "has": `validate` adds the key before
# it, and what was found behind.


def text(value: Any, what: str = "a text") -> str:
    """A scalar as written; raises ValueError for anything else."""
    if not isinstance(value, Scalar) or value.value is None:
        raise ValueError(f"is {what}")
    if len(value.text) > MAX_TEXT:
        raise ValueError(f"has at most {MAX_TEXT:,} characters")
    return value.text


def _word(value: Any) -> Word:
    return Word(text(value, "a name"), value.place)


def _plain_value(value: Any) -> Any:
    return value.value if isinstance(value, Scalar) else value


def _identifier(value: Any) -> str:
    name = text(value, "a name")
    if fault := identifier_fault(name):
        raise ValueError(fault)
    return name


def _class_name(value: Any) -> str:
    name = _identifier(value)
    if fault := builtin_fault(name):
        raise ValueError(fault)
    return name


def _classes(value: Any) -> int:
    number = _plain_value(value)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError("is a whole number of at least 1")
    return _bounded(number)


def _bounded(number: Any) -> Any:
    """The number; raises ValueError where no expression could be so large or small."""
    try:
        return bounded(number)
    except ExpressionError as error:
        raise ValueError(f"is no number of the language: {error.message}") from None


def _version(value: Any) -> int:
    if _plain_value(value) != 1 or isinstance(_plain_value(value), bool):
        raise ValueError("is 1, the version that this program reads")
    return 1


def _number(value: Any) -> float:
    """A number, or arithmetic such as 1/255."""
    formula = _scalar(value)
    try:
        check(formula.expression, {})
        number = bounded(evaluate(formula.expression, {}))
    except ExpressionError as error:
        raise _placed(expression_fault(error, formula.place)) from None
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError("is a number")
    return float(number)


def _positive(value: Any) -> float:
    number = _number(value)
    if number <= 0:
        raise ValueError("is above 0")
    return number


def _numbers(value: Any) -> float | list[float]:
    return _each(_number, value)


def _positives(value: Any) -> float | list[float]:
    return _each(_positive, value)


def _each(read: Callable[[Any], float], value: Any) -> float | list[float]:
    """One number, or one for each channel."""
    if not isinstance(value, list):
        return read(value)
    items = cast("list[object]", value)
    if len(items) > MAX_NUMBERS:
        raise ValueError(f"has at most {MAX_NUMBERS} numbers, one for each channel")
    if any(isinstance(item, list | dict) for item in items):
        raise ValueError("is a number or a list of numbers")
    return [read(item) for item in items]


def _pixels(value: Any) -> int:
    number = _number(value)
    if number < 1 or not number.is_integer():
        raise ValueError("is a whole number of at least 1")
    return int(number)


def _interpolation(value: Any) -> str:
    if text(value) not in ("nearest", "bilinear", "bicubic"):
        raise ValueError("is nearest, bilinear or bicubic")
    return text(value)


def _channel_order(value: Any) -> str:
    if text(value) not in ("rgb", "bgr"):
        raise ValueError("is rgb or bgr")
    return text(value)


def _quantity(value: Any) -> Quantity:
    match = _QUANTITY.fullmatch(text(value))
    if match is None:
        raise ValueError("is a number such as 3.4M")
    number, decimals, unit = match.groups()
    scale = _SCALE[unit]
    tolerance = 0.5 * scale / 10 ** len(decimals or "")
    return Quantity(_bounded(float(number) * scale), tolerance, match[0])


Text = Annotated[str, Read(text)]
Identifier = Annotated[str, Read(_identifier)]
ClassName = Annotated[str, Read(_class_name)]
Flag = Annotated[bool, Read(_plain_value)]
Classes = Annotated[int, Read(_classes)]
Version = Annotated[int, Read(_version)]
Numbers = Annotated[float | list[float], Read(_numbers)]
Positive = Annotated[float, Read(_positive)]
Positives = Annotated[float | list[float], Read(_positives)]
Pixels = Annotated[int, Read(_pixels)]
Interpolation = Annotated[str, Read(_interpolation)]
ChannelOrder = Annotated[str, Read(_channel_order)]
Exact = Annotated[Formula, Read(_formula)]
ScalarFormula = Annotated[Formula, Read(_scalar)]
Maybe = Annotated[Formula | None, Read(_optional_formula)]
Argument = Annotated[Formula | str | None, Read(_argument)]
"""A type, a default, or None for "as `defaults` says"."""
Cell = Annotated[Formula | Word | None, Read(_cell)]
Label = Annotated[Word, Read(_word)]
Figure = Annotated[Quantity, Read(_quantity)]
Location = Annotated[Place, Read(lambda place: place)]
