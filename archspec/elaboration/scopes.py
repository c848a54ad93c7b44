"""What is made of expressions: numbers of things, and the document's scope."""

from __future__ import annotations

from archspec.expressions import UNKNOWN, Function, Name, Scope, Unknowable, Value
from archspec.language import Document, Formula
from archspec.reading.definitions import Defined, scope_of, value_of
from archspec.reading.nodes import fail
from archspec.reading.unfolding import check_repeat


def is_given(formula: Formula, scope: Scope) -> bool:
    """Whether an attribute is given: not just a name for something not given."""
    expression = formula.expression
    return not isinstance(expression, Name) or scope.get(expression.id, 0) is not None


def value_if_known(formula: Formula, scope: Scope) -> Value:
    """The same, and UNKNOWN where a fault before has left nothing to go by."""
    try:
        return value_of(formula, scope)
    except Unknowable:
        return UNKNOWN


def whole_number(formula: Formula, scope: Scope, what: str, help: str = "") -> int:
    """A number of things; raises SpecError (AS302) unless it is whole and above 0."""
    value = value_of(formula, scope)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        help = "write round, floor, ceil or int" if isinstance(value, float) else help
        message = f"{what} is a whole number of at least 1, but is {value}"
        fail("AS302", message, formula.place, help)
    return value


def repeats(formula: Formula, scope: Scope) -> int:
    """How often; raises SpecError (AS302, AS306) unless it is from 1 to the limit."""
    try:
        help = "a layer is left out by 'when', a row by taking it away"
        times = whole_number(formula, scope, "'repeat'", help)
    except Unknowable:
        return 1
    check_repeat(times, formula.place)
    return times


def document_scope(document: Document) -> dict[str, Value | Function]:
    """Multipliers and definitions: what `define`, `input` and `defaults` see.

    Raises SpecError (AS301, AS303) for definitions that say nothing, or go in a circle.
    """
    define = {
        name: Defined(tuple(definition.parameters), definition.body)
        for name, definition in document.define.items()
    }
    return scope_of(document.multipliers, define)
