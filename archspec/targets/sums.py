"""Sums and products of whole numbers with as few terms as say them.

`first + part - first` is `part`. Anything else in them (a call, a choice, a quotient
that rounds) counts as a name. Whole numbers can be added in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

from archspec.expressions import (
    Binary,
    Constant,
    Expression,
    Name,
    Unary,
    spend,
    to_text,
)
from archspec.expressions import walk as parts

MAX_TERMS = 100
"""A product that would have more stays a product."""


@dataclass(frozen=True, slots=True)
class _Term:
    """`count` times the product of `factors`; `leads` prints the count first."""

    count: int
    factors: tuple[Expression, ...] = ()
    leads: bool = False

    def times(self, other: _Term) -> _Term:
        spend()
        leads = self.leads or other.leads or not self.factors
        factors = self.factors + other.factors
        return _Term(self.count * other.count, factors, leads)

    @property
    def expression(self) -> Expression:
        number = [Constant(self.count)] if self.count != 1 or not self.factors else []
        if self.count == -1 and self.factors:
            return Unary("-", replace(self, count=1).expression)
        ordered = [*number, *self.factors] if self.leads else [*self.factors, *number]
        return reduce(lambda left, right: Binary("*", left, right), ordered)


def simplified(expression: Expression) -> Expression:
    """The expression, or a shorter one of the same value, which is a whole number."""
    shortest = min(expression, _sum(_terms(expression, False)), key=size)
    expanded = _sum(_terms(expression, True))
    # `4 * (step + 1)` is shorter without its brackets, and says less.
    fewer = size(expanded)[:2] < size(shortest)[:2]
    return expanded if fewer else shortest


class Size(NamedTuple):
    """Names and numbers in an expression, names alone, and the length of its text."""

    operands: int
    names: int
    length: int


def size(expression: Expression) -> Size:
    """The size of an expression, to compare."""
    found = [p for p in parts(expression) if isinstance(p, Name | Constant)]
    names = sum(isinstance(part, Name) for part in found)
    return Size(len(found), names, len(to_text(expression)))


def _terms(expression: Expression, expand: bool) -> list[_Term]:
    """The terms of a sum, no two alike; with `expand`, products of sums too."""
    spend()
    match expression:
        case Constant(int() as number):
            return _collected([_Term(int(number))])
        case Unary("-", operand):
            return _scaled(_terms(operand, expand), -1)
        case Binary("+" | "-" as op, left, right):
            sign = 1 if op == "+" else -1
            added = _scaled(_terms(right, expand), sign)
            return _collected([*_terms(left, expand), *added])
        case Binary("*", left, right):
            return _product(left, right, expand)
        case Binary("//", left, Constant(int() as divisor)) if divisor:
            quotient = _quotient(_terms(left, expand), divisor)
            return [_Term(1, (expression,))] if quotient is None else quotient
        case _:
            return [_Term(1, (expression,))]


def _scaled(terms: Iterable[_Term], factor: int) -> list[_Term]:
    return [replace(term, count=term.count * factor) for term in terms]


def _product(left: Expression, right: Expression, expand: bool) -> list[_Term]:
    first, second = _terms(left, expand), _terms(right, expand)
    if not expand or len(first) * len(second) > MAX_TERMS:
        first = [_Term(1, (left,))] if len(first) > 1 else first
        second = [_Term(1, (right,))] if len(second) > 1 else second
    return _collected([one.times(other) for one in first for other in second])


def _quotient(terms: list[_Term], divisor: int) -> list[_Term] | None:
    """The terms divided; None where that leaves more than a number to round."""
    if any(term.factors and term.count % divisor for term in terms):
        return None
    divided = [replace(term, count=term.count // divisor) for term in terms]
    return [term for term in divided if term.count]


def _collected(terms: Iterable[_Term]) -> list[_Term]:
    """Terms of the same factors added up, in the order of the first of each."""
    found: dict[object, _Term] = {}
    for term in terms:
        key = frozenset(Counter(term.factors).items())
        same = found.get(key, replace(term, count=0))
        leads = same.leads or term.leads
        found[key] = replace(same, count=same.count + term.count, leads=leads)
    return [term for term in found.values() if term.count]


def _sum(terms: list[_Term]) -> Expression:
    """The terms added: one without a minus first, the number last."""
    ordered = sorted(terms, key=lambda term: not term.factors)
    if not ordered:
        return Constant(0)
    first = next((term for term in ordered if term.count > 0), ordered[0])
    ordered.remove(first)
    whole = first.expression
    for term in ordered:
        op = "+" if term.count > 0 else "-"
        whole = Binary(op, whole, replace(term, count=abs(term.count)).expression)
    return whole
