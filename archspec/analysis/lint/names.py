"""The names that the expressions of a part of a document mention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any, cast

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
        return
    for value in entries(part).values():
        yield from formulas(value)


def entries(part: object) -> Mapping[Any, object]:
    """The parts of a dataclass, mapping or list, by name or number."""
    if is_dataclass(part):
        return vars(part)
    if isinstance(part, list):
        return dict(enumerate(cast("list[object]", part)))
    return cast("dict[str, object]", part) if isinstance(part, dict) else {}
