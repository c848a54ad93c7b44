"""What expressions see: multipliers, definitions, and evaluation with places."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from archspec.errors import Place, SpecError
from archspec.expressions import (
    Call,
    Expression,
    ExpressionError,
    Function,
    Name,
    Scope,
    Value,
    check,
    evaluate,
    walk,
)
from archspec.reading.lexicon import expression_fault


class Formula(NamedTuple):
    """An expression and where it stands."""

    expression: Expression
    place: Place


class Defined(NamedTuple):
    """What a name of `define` stands for; a constant has no parameters."""

    parameters: tuple[str, ...]
    body: Formula


def value_of(formula: Formula, scope: Scope) -> Value:
    """What the formula is worth; raises SpecError (AS301) at its place, Unknowable."""
    try:
        check(formula.expression, scope)
        return evaluate(formula.expression, scope)
    except ExpressionError as error:
        raise SpecError([expression_fault(error, formula.place)]) from None


def scope_of(
    multipliers: Mapping[str, Formula], define: Mapping[str, Defined]
) -> dict[str, Value | Function]:
    """Multipliers and definitions: what `define`, `input` and `defaults` see.

    Raises SpecError (AS301, AS303) for definitions that say nothing, or go in a circle.
    """
    scope: dict[str, Value | Function] = {
        name: value_of(multiplier, {}) for name, multiplier in multipliers.items()
    }
    for name in _in_order(define):
        defined = define[name]
        if defined.parameters:
            scope[name] = _function(name, defined, scope)
        else:
            scope[name] = value_of(defined.body, scope)
    return scope


def uses(defined: Defined) -> set[str]:
    """The names and functions that a definition takes from around it."""
    parts = list(walk(defined.body.expression))
    names = {part.id for part in parts if isinstance(part, Name)}
    functions = {part.function for part in parts if isinstance(part, Call)}
    return (names - {*defined.parameters}) | functions


def _function(
    name: str, defined: Defined, scope: dict[str, Value | Function]
) -> Function:
    """The function, which sees what is defined before it."""
    body, parameters = defined.body, defined.parameters
    try:
        check(body.expression, {**scope, **dict.fromkeys(parameters, 0)})
    except ExpressionError as error:
        raise SpecError([expression_fault(error, body.place)]) from None
    return Function(name, parameters, body.expression, scope)


def _in_order(define: Mapping[str, Defined]) -> list[str]:
    """Definitions after those that they use; raises SpecError (AS303) for a circle."""
    used = {name: uses(defined) for name, defined in define.items()}
    graph = {name: [n for n in define if n in used[name]] for name in define}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]
        message = f"a circle of definitions: {' -> '.join(circle)}"
        raise SpecError.single("AS303", message, define[circle[0]].body.place) from None
