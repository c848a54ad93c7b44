"""Rewriting expressions into the shortest form that is right wherever they are used.

A witness is the scope of one use. What is constant over all witnesses is printed as a
constant, an arm that no witness takes disappears, a rounding that never rounds too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

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


def is_whole(expression: Expression, witnesses: Witnesses) -> bool:
    """Whether it is a whole number at every witness."""
    values = values_if_any(expression, witnesses)
    return values is not None and all(type(value) is int for value in values)


def same(left: Value, right: Value) -> bool:
    """Equal, and of one kind: 1 is neither 1.0 nor true."""
    return left == right and isinstance(left, bool) is isinstance(right, bool)


def reduce(
    expression: Expression, witnesses: Witnesses, variables: frozenset[str]
) -> Expression:
    """The shortest equivalent over all witnesses in terms of `variables`.

    Raises Unprintable where a name is neither a variable nor constant.
    """
    return _Reduction(witnesses, variables).of(expression)


@dataclass(frozen=True, slots=True)
class _Reduction:
    """The shortest forms of expressions over all witnesses."""

    witnesses: Witnesses
    variables: frozenset[str]

    def of(self, expression: Expression) -> Expression:
        if not names_in(expression) & self.variables:
            return self.folded(expression)
        match expression:
            case Name() | Constant():
                return expression
            case Conditional():
                return self.conditional(expression)
            case Logic():
                return self.logic(expression)
            case Unary("not", operand):
                return self.decided(expression) or _negated(self.of(operand))
            case Binary(op) if op in _COMPARISONS:
                return self.decided(expression) or self.parts(expression)
            case Binary():
                return self.arithmetic(expression)
            case Call():
                return self.call(expression)
            case Unary() | Items():
                return self.parts(expression)

    def parts(self, expression: Expression) -> Expression:
        return rebuild(expression, self.of)

    def folded(self, expression: Expression) -> Expression:
        """A constant, as short as its own text."""
        values = values_of(expression, self.witnesses)
        if not values:
            raise Unprintable("an expression that is never used")
        if not all(same(value, values[0]) for value in values):
            names = " and ".join(f"'{name}'" for name in sorted(names_in(expression)))
            raise Unprintable(f"{names}, which differs from use to use")
        found = constant(values[0])
        if not isinstance(values[0], float):
            return found
        said = substitute(expression, self.constants(names_in(expression)))
        # `1 - 0.8` says more than 0.19999999999999996.
        return said if len(to_text(said)) < len(to_text(found)) else found

    def constants(self, names: set[str]) -> dict[str, Expression]:
        """The names that have one value everywhere."""
        taken = {name: values_of(Name(name), self.witnesses) for name in names}
        return {
            name: constant(values[0])
            for name, values in taken.items()
            if all(same(value, values[0]) for value in values)
        }

    def decided(self, expression: Expression) -> Constant | None:
        outcomes = {bool(value) for value in values_of(expression, self.witnesses)}
        return Constant(outcomes.pop()) if len(outcomes) == 1 else None

    def logic(self, expression: Logic) -> Expression:
        neutral = expression.op == "and"
        decided = self.decided(expression)
        if decided is not None and all(
            isinstance(value, bool) for value in values_of(expression, self.witnesses)
        ):
            return decided
        kept: list[Expression] = []
        here = self
        for operand in expression.operands:
            # `a > 0` guards `b // a > 1`, which has no value elsewhere.
            here = here.where(lambda w, test=operand: bool(values_if_any(test, [w])))
            last = operand is expression.operands[-1]
            outcome = here.decided(operand)
            if outcome is None or outcome.value is not neutral or (last and not kept):
                kept += _operands(here.of(operand), expression.op)
        return kept[0] if len(kept) == 1 else Logic(expression.op, tuple(kept))

    def where(self, holds: Callable[[Scope], bool]) -> _Reduction:
        """The same over the witnesses for which this holds."""
        kept = [witness for witness in self.witnesses if holds(witness)]
        return replace(self, witnesses=kept)

    def conditional(self, expression: Conditional) -> Expression:
        test = expression.test
        taken = self.where(lambda witness: bool(evaluate(test, witness)))
        passed = self.where(lambda witness: not evaluate(test, witness))
        if not passed.witnesses:
            return self.of(expression.then)
        if not taken.witnesses:
            return self.of(expression.otherwise)
        first, second = taken.of(expression.then), passed.of(expression.otherwise)
        if first == second or taken.covers(test, second, first):
            return second
        return Conditional(self.of(test), first, second)

    def covers(
        self, test: Expression, general: Expression, special: Expression
    ) -> bool:
        """Whether `general` becomes `special` where `test`, an equality, holds."""
        match test:
            case Binary("==", Name(name), Constant() as value):
                return self.of(substitute(general, {name: value})) == special
            case _:
                return False

    def arithmetic(self, expression: Binary) -> Expression:
        op = expression.op
        left, right = self.of(expression.left), self.of(expression.right)
        whole = Binary(op, left, right)
        neutral = Constant(_NEUTRAL[op]) if op in _NEUTRAL else None
        shorter: list[Expression] = []
        if right == neutral:
            shorter.append(left)
        if left == neutral and op in ("+", "*"):
            shorter.append(right)
        if op == "*":
            shorter += _products(left, right)
        collected = simplified(whole)
        if collected != whole and is_whole(whole, self.witnesses):
            shorter.append(collected)
        return next((s for s in shorter if self.agrees(s, whole)), whole)

    def call(self, expression: Call) -> Expression:
        reduced = self.parts(expression)
        assert isinstance(reduced, Call)
        shorter: list[Expression | None] = []
        if reduced.function in ("min", "max"):
            shorter += reduced.arguments
        if reduced.function in _ROUNDING:
            shorter.append(reduced.arguments[0])
        if reduced.function in ("int", "floor"):
            shorter.append(_whole_arithmetic(reduced.arguments[0]))
        return next((s for s in shorter if s and self.agrees(s, reduced)), reduced)

    def agrees(self, left: Expression, right: Expression) -> bool:
        """Equal everywhere, and whole numbers where the other has whole numbers."""
        both = (values_of(each, self.witnesses) for each in (left, right))
        return all(
            a == b and (type(a) is type(b) or isinstance(a, int))
            for a, b in zip(*both, strict=True)
        )


def _negated(test: Expression) -> Expression:
    """`a != b` for `not a == b`."""
    match test:
        case Binary(op, left, right) if op in _OPPOSITE:
            return Binary(_OPPOSITE[op], left, right)
        case _:
            return Unary("not", test)


def _operands(part: Expression, op: str) -> Sequence[Expression]:
    """`a` and `b` of `a and b` inside another `and`."""
    return part.operands if isinstance(part, Logic) and part.op == op else [part]


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
