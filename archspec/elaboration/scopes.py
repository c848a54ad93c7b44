"""Values of expressions: counts, and the scope of the document."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from archspec.elaboration.limits import check_repeat
from archspec.errors import Advice, Fix, Place, SpecError
from archspec.expressions import (
    UNKNOWN,
    Call,
    Constant,
    ExpressionError,
    Function,
    Name,
    Scope,
    Unknowable,
    Value,
    check,
    evaluate,
    spend,
    to_text,
    walk,
)
from archspec.language import Document, Formula
from archspec.language.document import Definition
from archspec.reading.identifiers import expression_fault
from archspec.reading.nodes import fail


def value_of(formula: Formula, scope: Scope) -> Value:
    """The value of the formula; raises SpecError (AS301) at its place, Unknowable."""
    expression = formula.expression
    if isinstance(expression, Constant):  # as most are
        spend(2)
        return expression.value
    try:
        check(expression, scope)
        return evaluate(expression, scope)
    except ExpressionError as error:
        raise SpecError([expression_fault(error, formula.place)]) from None


def is_given(formula: Formula, scope: Scope) -> bool:
    """Whether an attribute is given: not just a name for something not given."""
    expression = formula.expression
    return not isinstance(expression, Name) or scope.get(expression.id, 0) is not None


def value_if_known(formula: Formula, scope: Scope) -> Value:
    """The same, or UNKNOWN after an earlier error."""
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
        text = to_text(formula.expression)
        whole = Advice(f"write round({text})", Fix(f"round({text})"))
        help = whole if isinstance(value, float) and value > 1 else help
        found = f"{value:.12g}" if isinstance(value, float) else value
        message = f"{what} must be a whole number of at least 1, but is {found}"
        fail("AS302", message, formula.place, help)
    return value


def repeats(
    formula: Formula, scope: Scope, place: Place | None = None, key: str = "repeat"
) -> int:
    """Number of repeats, which is written at `place`, else where the formula is.

    Raises SpecError (AS302, AS306) unless it is from 1 to the limit.
    """
    where = place or formula.place
    try:
        help = "use 'when' to omit a layer; delete a row to omit it"
        times = whole_number(formula._replace(place=where), scope, f"'{key}'", help)
    except Unknowable:
        return 1
    check_repeat(times, where, key)
    return times


def document_scope(document: Document) -> dict[str, Value | Function]:
    """Multipliers and definitions: what `define`, `input` and `defaults` see.

    Raises SpecError (AS301, AS303) for definitions that say nothing, or go in a circle.
    """
    scope: dict[str, Value | Function] = {
        name: value_of(multiplier, {})
        for name, multiplier in document.multipliers.items()
    }
    for name in _in_order(document.define):
        defined = document.define[name]
        if defined.parameters:
            scope[name] = _function(name, defined, scope)
        else:
            scope[name] = value_of(defined.body, scope)
    return scope


def _function(
    name: str, defined: Definition, scope: dict[str, Value | Function]
) -> Function:
    """The function, which sees what is defined before it."""
    body, parameters = defined.body, tuple(defined.parameters)
    try:
        check(body.expression, {**scope, **dict.fromkeys(parameters, 0)})
    except ExpressionError as error:
        raise SpecError([expression_fault(error, body.place)]) from None
    return Function(name, parameters, body.expression, scope)


def _in_order(define: Mapping[str, Definition]) -> list[str]:
    """Definitions after those that they use; raises SpecError (AS303) for a cycle."""
    used = {name: _uses(defined) for name, defined in define.items()}
    graph = {name: [n for n in define if n in used[name]] for name in define}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]
        message = f"cyclic definitions: {' -> '.join(circle)}"
        raise SpecError.single("AS303", message, define[circle[0]].body.place) from None


def _uses(defined: Definition) -> set[str]:
    """The names and functions that a definition takes from around it."""
    parts = list(walk(defined.body.expression))
    names = {part.id for part in parts if isinstance(part, Name)}
    functions = {part.function for part in parts if isinstance(part, Call)}
    return (names - {*defined.parameters}) | functions
