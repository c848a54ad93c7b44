"""The names that the expressions of a part of a document mention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import cast

from archspec.expressions import Call, Expression, Name, walk
from archspec.language import Formula


def mentioned(part: object) -> set[str]:
    """The names and functions in every expression of a model, mapping or list."""
    return {name for formula in formulas(part) for name in names_in(formula.expression)}


def names_in(expression: Expression) -> Iterator[str]:
    """The names and functions of one expression."""
    for inner in walk(expression):
        if isinstance(inner, Name):
            yield inner.id
        elif isinstance(inner, Call):
            yield inner.function


def formulas(part: object) -> Iterator[Formula]:
    """Every expression."""
    if isinstance(part, Formula):
        yield part
    elif is_dataclass(part):
        yield from formulas(vars(part))
    elif isinstance(part, dict):
        for value in cast("dict[str, object]", part).values():
            yield from formulas(value)
    elif isinstance(part, list):
        for value in cast("list[object]", part):
            yield from formulas(value)
