"""Expressions taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from archspec.expressions import (
    BUILTINS,
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    Function,
    Items,
    Logic,
    Name,
    Unary,
    Value,
    evaluate,
    spend,
    walk,
)
from archspec.targets.unprintable import Unprintable

MANY_DIGITS = 12
"""Longer than any number written by hand."""


def names_in(expression: Expression) -> set[str]:
    """The names that an expression reads, those of functions among them."""
    parts = list(walk(expression))
    called = {part.function for part in parts if isinstance(part, Call)}
    return {part.id for part in parts if isinstance(part, Name)} | called - {*BUILTINS}


def all_of(*conditions: Expression | None) -> Expression | None:
    """The conditions joined by `and`; None where there are none."""
    present = tuple(dict.fromkeys(test for test in conditions if test is not None))
    return Logic("and", present) if len(present) > 1 else next(iter(present), None)


def constant(value: Value) -> Expression:
    """The expression whose value is `value`: 1 / 12 for 0.08333333333333333."""
    if isinstance(value, tuple):
        return Items(tuple(constant(item) for item in value))
    if value is None:
        raise Unprintable("a value that is not given")
    if not isinstance(value, float) or len(repr(value)) < MANY_DIGITS:
        return Constant(value)
    parts = Fraction(value).limit_denominator(1000)
    if parts.denominator == 1 or float(parts) != value:
        return Constant(value)
    return Binary("/", Constant(parts.numerator), Constant(parts.denominator))


def constant_value(expression: Expression) -> Value:
    """The value of an expression that reads and calls nothing; else None."""
    if any(isinstance(part, Name | Call) for part in walk(expression)):
        return None
    return evaluate(expression, {})


def halved(size: Expression) -> Expression:
    """Half of a size or of each one of a list, rounded down."""
    match size:
        case Items(items):
            return Items(tuple(halved(item) for item in items))
        case Constant(int() as number):
            return Constant(number // 2)
        case _:
            return Binary("//", size, Constant(2))


def substitute(
    expression: Expression, replacements: Mapping[str, Expression]
) -> Expression:
    """The expression with names replaced."""
    if isinstance(expression, Name):
        return replacements.get(expression.id, expression)
    return rebuild(expression, lambda part: substitute(part, replacements))


def rebuild(
    expression: Expression, change: Callable[[Expression], Expression]
) -> Expression:
    """The expression with each of its direct parts changed."""
    spend()
    match expression:
        case Constant() | Name():
            return expression
        case Unary(op, operand):
            return Unary(op, change(operand))
        case Binary(op, left, right):
            return Binary(op, change(left), change(right))
        case Logic(op, operands):
            return Logic(op, tuple(change(o) for o in operands))
        case Conditional(test, then, otherwise):
            return Conditional(change(test), change(then), change(otherwise))
        case Call(name, arguments, keywords):
            changed = tuple((key, change(value)) for key, value in keywords)
            return Call(name, tuple(change(a) for a in arguments), changed)
        case Items(items):
            return Items(tuple(change(item) for item in items))


def inline(expression: Expression, functions: Mapping[str, Function]) -> Expression:
    """The expression with the functions of `define:` written out."""
    rebuilt = rebuild(expression, lambda part: inline(part, functions))
    if not isinstance(rebuilt, Call) or rebuilt.function not in functions:
        return rebuilt
    function = functions[rebuilt.function]
    arguments = dict(zip(function.parameters, rebuilt.arguments, strict=True))
    return substitute(inline(function.body, functions), arguments)
