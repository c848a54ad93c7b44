"""Evaluate expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from archspec.expressions.checking import check
from archspec.expressions.effort import spend
from archspec.expressions.functions import BUILTINS
from archspec.expressions.printing import to_text
from archspec.expressions.tree import (
    UNKNOWN,
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    ExpressionError,
    Function,
    Items,
    Logic,
    Name,
    Scope,
    Unary,
    Unknowable,
    Value,
    bounded,
)

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": operator.mod,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(expression: Expression, scope: Scope) -> Value:
    """The value of the expression; raises ExpressionError where it has none."""
    spend()
    match expression:
        case Constant(value):
            return value
        case Name(id, offset):
            return _look_up(id, offset, scope)
        case Unary("not", operand):
            return not evaluate(operand, scope)
        case Unary(_, operand):
            return -_number(evaluate(operand, scope), operand)
        case Logic(op, operands):
            return _logic(op, operands, scope)
        case Conditional(test, then, otherwise):
            return evaluate(then if evaluate(test, scope) else otherwise, scope)
        case Items(items):
            return tuple(evaluate(item, scope) for item in items)
        case Binary(op, left, right):
            return _binary(op, left, right, scope)
        case Call():
            return _apply(expression, scope)


def _look_up(name: str, offset: int, scope: Scope) -> Value:
    value = scope.get(name)
    if value is UNKNOWN:
        raise Unknowable
    if value is None or isinstance(value, Function):
        check(Name(name, offset), scope)
        raise ExpressionError(f"'{name}' has no value here", offset, len(name))
    return value


def _logic(op: str, operands: tuple[Expression, ...], scope: Scope) -> Value:
    value: Value = None
    for operand in operands:
        value = evaluate(operand, scope)
        if bool(value) is (op == "or"):
            return value
    return value


def _binary(op: str, left: Expression, right: Expression, scope: Scope) -> Value:
    a, b = evaluate(left, scope), evaluate(right, scope)
    if op not in ("==", "!="):
        a, b = _number(a, left), _number(b, right)
    try:
        return bounded(_OPERATORS[op](a, b))
    except ZeroDivisionError:
        text = to_text(Binary(op, left, right))
        raise ExpressionError(f"'{text}' divides by zero") from None


def _apply(call: Call, scope: Scope) -> Value:
    arguments = [evaluate(argument, scope) for argument in call.arguments]
    function = scope.get(call.function)
    if isinstance(function, Function):
        given = dict(zip(function.parameters, arguments, strict=True))
        return evaluate(function.body, {**function.scope, **given})
    pairs = zip(arguments, call.arguments, strict=True)
    arguments = [_number(value, source) for value, source in pairs]
    keywords = {
        name: _number(evaluate(value, scope), value) for name, value in call.keywords
    }
    try:
        return bounded(BUILTINS[call.function](*arguments, **keywords))
    except (TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        text = to_text(call)
        raise ExpressionError(f"'{text}' has no value: {error}", call.offset) from None


def _number(value: Value, source: Expression) -> Any:
    if isinstance(value, (int, float)):
        return value
    text = to_text(source)
    found = "" if text == value else f" is {value}, which"
    raise ExpressionError(f"'{text}'{found} is not a number")
