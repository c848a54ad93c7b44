"""The expression tree: frozen classes, equal when they say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from archspec.errors import ArchspecError
from archspec.expressions.effort import spend

Value = int | float | bool | str | tuple[Any, ...] | None
"""The value of an expression: a number, a word, a list of them, or "not given"."""

MAX_MAGNITUDE = 10**15
MIN_MAGNITUDE = 1e-100
"""Below it, apart from 0, squares and quotients would be 0 or infinite."""

UNKNOWN: Any = object()
"""In a scope, a value that is unknown because of a fault."""


class Unknowable(Exception):
    """An expression needs an UNKNOWN."""


class ExpressionError(ArchspecError):
    """An expression is wrong; `offset` is where in its text, counted from 0.

    The fixes of its help are of that part, or of the `whole` expression.
    """

    def __init__(
        self,
        message: str,
        offset: int = 0,
        length: int = 0,
        help: str = "",
        *,
        whole: bool = False,
    ):
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length
        self.help = help
        self.help_is_whole = whole


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, true, false or a word."""

    value: int | float | bool | str


@dataclass(frozen=True, slots=True)
class Name:
    """Something that the scope has to know."""

    id: str
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-operand` or `not operand`."""

    op: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic or a comparison of two operands."""

    op: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` of two or more operands."""

    op: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then if test else otherwise`."""

    test: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a built-in function or of one that `define:` defines."""

    function: str
    arguments: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...] = ()
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Items:
    """A list, which only YAML can write: a size, four paddings, an initialiser."""

    items: tuple[Expression, ...]


Expression = Constant | Name | Unary | Binary | Logic | Conditional | Call | Items


@dataclass(frozen=True, slots=True)
class Function:
    """A one-line function of `define:`; its body sees what the definition sees."""

    name: str
    parameters: tuple[str, ...]
    body: Expression
    scope: Mapping[str, Any] = field(compare=False, repr=False)


Scope = Mapping[str, Value | Function]


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything in it, outermost first."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct parts of an expression."""
    spend()
    match expression:
        case Constant() | Name():
            return ()
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Logic(_, operands):
            return operands
        case Conditional(test, then, otherwise):
            return (test, then, otherwise)
        case Call(_, arguments, keywords):
            return (*arguments, *(value for _, value in keywords))
        case Items(items):
            return items


def bounded(value: Any, offset: int = 0) -> Any:
    """The value itself; raises ExpressionError beyond 10^15, and for NaN.

    Also nearer to 0 than 10^-100, but not at 0.
    """
    if not isinstance(value, (int, float)):
        return value
    if not abs(value) <= MAX_MAGNITUDE:
        raise ExpressionError("a number beyond 10^15", offset)
    if 0 < abs(value) < MIN_MAGNITUDE:
        raise ExpressionError("a number nearer to 0 than 10^-100", offset)
    return value
