"""Rewriting expressions into the shortest form that is right wherever they are used.

A witness is the scope of one use. What is constant over all witnesses is printed as a
constant, an arm that no witness takes disappears, a rounding that never rounds too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archspec.expressions import (
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    ExpressionError,
    Items,
    Logic,
    Name,
    Scope,
    Unary,
    Value,
    evaluate,
    to_text,
    walk,
)
from archspec.targets.sums import simplified
from archspec.targets.symbols import (
    constant,
    constant_value,
    names_in,
    rebuild,
    substitute,
)
from archspec.targets.unprintable import Unprintable

Witnesses = Sequence[Scope]
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_NEUTRAL = {"+": 0, "-": 0, "*": 1, "/": 1, "//": 1}
_EXACT = frozenset(("round", "int", "ceil", "floor", "round_channels", "min", "max"))
_TO_WHOLE = ("round", "int", "ceil", "floor")
_ROUNDING = (*_TO_WHOLE, "round_channels")


def values_of(expression: Expression, witnesses: Witnesses) -> list[Value]:
    """The value of the expression at each witness."""
    return [evaluate(expression, witness) for witness in witnesses]


def values_if_any(expression: Expression, witnesses: Witnesses) -> list[Value] | None:
    """The same; None where it has no value somewhere, as it divides by zero."""
    try:
        return values_of(expression, witnesses)
    except ExpressionError:
        return None


def rounds(expression: Expression, witnesses: Witnesses) -> int:
    """How often it rounds, or keeps to a limit.

    Whole numbers, as of `int(width * expand)` where `expand` is one, are not rounded.
    """
    calls = (
        part.function
        for part in walk(expression)
        if isinstance(part, Call)
        and not (part.function in _TO_WHOLE and is_whole(part.arguments[0], witnesses))
    )
    quotients = (p.op for p in walk(expression) if isinstance(p, Binary))
    return sum(name in _EXACT for name in calls) + sum(op == "//" for op in quotients)


def same(left: Value, right: Value) -> bool:
    """Equal, and of one kind: 1 is neither 1.0 nor true."""
    return left == right and isinstance(left, bool) is isinstance(right, bool)


def reduce(
    expression: Expression, witnesses: Witnesses, variables: frozenset[str]
) -> Expression:
    """The shortest equivalent over all witnesses in terms of `variables`.

    Raises Unprintable where a name is neither a variable nor constant.
    """
    if not names_in(expression) & variables:
        return _folded(expression, witnesses)
    match expression:
        case Name() | Constant():
            return expression
        case Conditional(test, then, otherwise):
            return _conditional(test, then, otherwise, witnesses, variables)
        case Logic():
            return _logic(expression, witnesses, variables)
        case Unary("not", operand):
            decided = _decided(expression, witnesses)
            return decided or _negated(reduce(operand, witnesses, variables))
        case Binary(op) if op in _COMPARISONS:
            decided = _decided(expression, witnesses)
            return decided or _parts(expression, witnesses, variables)
        case Binary():
            return _arithmetic(expression, witnesses, variables)
        case Call():
            return _call(expression, witnesses, variables)
        case Unary() | Items():
            return _parts(expression, witnesses, variables)


def _negated(test: Expression) -> Expression:
    """`a != b` for `not a == b`."""
    match test:
        case Binary(op, left, right) if op in _OPPOSITE:
            return Binary(_OPPOSITE[op], left, right)
        case _:
            return Unary("not", test)


def _parts(
    expression: Expression, witnesses: Witnesses, variables: frozenset[str]
) -> Expression:
    return rebuild(expression, lambda part: reduce(part, witnesses, variables))


def _folded(expression: Expression, witnesses: Witnesses) -> Expression:
    values = values_of(expression, witnesses)
    if not values:
        raise Unprintable("an expression that is never used")
    if not all(same(value, values[0]) for value in values):
        names = " and ".join(f"'{name}'" for name in sorted(names_in(expression)))
        raise Unprintable(f"{names}, which differs from use to use")
    found = constant(values[0])
    if not isinstance(values[0], float):
        return found
    said = substitute(expression, _constants(names_in(expression), witnesses))
    # `1 - 0.8` says more than 0.19999999999999996.
    return said if len(to_text(said)) < len(to_text(found)) else found


def _constants(names: set[str], witnesses: Witnesses) -> dict[str, Expression]:
    """The names that have one value everywhere."""
    taken = {name: values_of(Name(name), witnesses) for name in names}
    return {
        name: constant(values[0])
        for name, values in taken.items()
        if all(same(value, values[0]) for value in values)
    }


def _decided(expression: Expression, witnesses: Witnesses) -> Constant | None:
    outcomes = {bool(value) for value in values_of(expression, witnesses)}
    return Constant(outcomes.pop()) if len(outcomes) == 1 else None


def _logic(
    expression: Logic, witnesses: Witnesses, variables: frozenset[str]
) -> Expression:
    neutral = expression.op == "and"
    decided = _decided(expression, witnesses)
    if decided is not None and all(
        isinstance(value, bool) for value in values_of(expression, witnesses)
    ):
        return decided
    kept: list[Expression] = []
    for operand in expression.operands:
        # `a > 0` guards `b // a > 1`, which has no value elsewhere.
        witnesses = [w for w in witnesses if values_if_any(operand, [w])]
        last = operand is expression.operands[-1]
        outcome = _decided(operand, witnesses)
        if outcome is None or outcome.value is not neutral or (last and not kept):
            kept += _operands(reduce(operand, witnesses, variables), expression.op)
    return kept[0] if len(kept) == 1 else Logic(expression.op, tuple(kept))


def _operands(part: Expression, op: str) -> Sequence[Expression]:
    """`a` and `b` of `a and b` inside another `and`."""
    return part.operands if isinstance(part, Logic) and part.op == op else [part]


def _conditional(
    test: Expression,
    then: Expression,
    otherwise: Expression,
    witnesses: Witnesses,
    variables: frozenset[str],
) -> Expression:
    taken = [witness for witness in witnesses if evaluate(test, witness)]
    passed = [witness for witness in witnesses if not evaluate(test, witness)]
    if not passed:
        return reduce(then, witnesses, variables)
    if not taken:
        return reduce(otherwise, witnesses, variables)
    first = reduce(then, taken, variables)
    second = reduce(otherwise, passed, variables)
    if first == second or _covers(test, second, first, taken, variables):
        return second
    return Conditional(reduce(test, witnesses, variables), first, second)


def _covers(
    test: Expression,
    general: Expression,
    special: Expression,
    witnesses: Witnesses,
    variables: frozenset[str],
) -> bool:
    """Whether `general` becomes `special` where `test`, an equality, holds."""
    match test:
        case Binary("==", Name(name), Constant() as value):
            there = substitute(general, {name: value})
            return reduce(there, witnesses, variables) == special
        case _:
            return False


def _arithmetic(
    expression: Binary, witnesses: Witnesses, variables: frozenset[str]
) -> Expression:
    op = expression.op
    left = reduce(expression.left, witnesses, variables)
    right = reduce(expression.right, witnesses, variables)
    whole = Binary(op, left, right)
    neutral = Constant(_NEUTRAL[op]) if op in _NEUTRAL else None
    shorter: list[Expression] = []
    if right == neutral:
        shorter.append(left)
    if left == neutral and op in ("+", "*"):
        shorter.append(right)
    if op == "*":
        shorter += _products(left, right)
    if (collected := simplified(whole)) != whole and is_whole(whole, witnesses):
        shorter.append(collected)
    return next((s for s in shorter if _agrees(s, whole, witnesses)), whole)


def is_whole(expression: Expression, witnesses: Witnesses) -> bool:
    """Whether it is a whole number at every witness."""
    values = values_if_any(expression, witnesses)
    return values is not None and all(type(value) is int for value in values)


def _products(left: Expression, right: Expression) -> Iterator[Expression]:
    """Shorter forms of a product, where they are right."""
    if Constant(0) in (left, right):
        yield Constant(0)
    if (undone := _undone(left, right)) is not None:
        yield undone
    match right:
        case Constant(float() as factor) if factor.is_integer():
            yield Binary("*", left, Constant(int(factor)))
        case _:
            pass


def _undone(rounded: Expression, factor: Expression) -> Expression | None:
    """The `a` of `a // k * k` and `ceil(a / k) * k`, where nothing is rounded."""
    match rounded:
        case Binary("//", left, right):
            return left if right == factor else None
        case Call(name, (Binary("/", left, right),)) if name in _ROUNDING:
            return left if right == factor else None
        case _:
            return None


def _call(
    expression: Call, witnesses: Witnesses, variables: frozenset[str]
) -> Expression:
    reduced = _parts(expression, witnesses, variables)
    assert isinstance(reduced, Call)
    if reduced.function in ("min", "max"):
        return next(
            (a for a in reduced.arguments if _agrees(a, reduced, witnesses)), reduced
        )
    if reduced.function not in _ROUNDING:
        return reduced
    inner = reduced.arguments[0]
    if _agrees(inner, reduced, witnesses):
        return inner
    divided = _whole_arithmetic(inner)
    if divided is None or reduced.function not in ("int", "floor"):
        return reduced
    return divided if _agrees(divided, reduced, witnesses) else reduced


def _whole_arithmetic(inner: Expression) -> Expression | None:
    """`a // k` for `a / k` and for `a * 0.25`, `a * 2` for `a * 2.0`."""
    match inner:
        case Binary("/", left, Constant(int() as divisor)):
            return Binary("//", left, Constant(divisor))
        case Binary("*", left, factor):
            match constant_value(factor):
                case float(part) if part.is_integer():
                    return Binary("*", left, Constant(int(part)))
                case float(part) if 0 < part < 1:
                    return Binary("//", left, Constant(round(1 / part)))
                case _:
                    return None
        case _:
            return None


def _agrees(left: Expression, right: Expression, witnesses: Witnesses) -> bool:
    """Equal everywhere, and whole numbers where the other one has whole numbers."""
    pairs = zip(values_of(left, witnesses), values_of(right, witnesses), strict=True)
    return all(a == b and (type(a) is type(b) or isinstance(a, int)) for a, b in pairs)
