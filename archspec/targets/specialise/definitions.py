"""The definitions of a document that read kept multipliers, which stay names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from archspec.expressions import (
    Conditional,
    Constant,
    Expression,
    Function,
    Scope,
    evaluate,
    walk,
)
from archspec.language import Document
from archspec.targets.symbols import constant, inline, names_in, rebuild, substitute


@dataclass(frozen=True)
class Definitions:
    """What `define` says, as one elaboration saw it (`scope`).

    `kept` are the multipliers that the printed network has as arguments.
    """

    document: Document
    kept: Collection[str]
    scope: Scope

    @cached_property
    def reading(self) -> list[str]:
        """Those that read a kept multiplier, each after what it uses."""
        found: list[str] = []
        for name in self.scope:  # `document_scope` has them in this order.
            defined = self.document.define.get(name)
            read = names_in(defined.body.expression) if defined else set[str]()
            if not read.isdisjoint({*self.kept, *found}):
                found.append(name)
        return found

    @cached_property
    def constants(self) -> Mapping[str, Expression]:
        """The definitions of such constants, in terms of multipliers."""
        found: dict[str, Expression] = {}
        for name in self.reading:
            defined = self.document.define[name]
            if not defined.parameters:
                found[name] = substitute(defined.body.expression, found)
        return found

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """All functions, in terms of multipliers."""
        return {
            name: replace(value, body=substitute(value.body, self.constants))
            for name, value in self.scope.items()
            if isinstance(value, Function)
        }

    @cached_property
    def printed(self) -> Mapping[str, Function]:
        """The functions that the network's own routine has: those of numbers."""
        found: dict[str, Function] = {}
        for function in self._reading_functions():
            others = {n: f for n, f in self.functions.items() if n not in found}
            seen = {*function.parameters, *self.kept, *found}
            body = self._settled(inline(function.body, others), seen)
            if not any(_is_word(part) for part in walk(body)):
                found[function.name] = replace(function, body=body)
        return found

    def _reading_functions(self) -> Iterator[Function]:
        for name in self.reading:
            if name in self.functions:
                yield self.functions[name]

    def _settled(self, expression: Expression, variables: set[str]) -> Expression:
        """The expression with all that no variable changes as constants."""
        if names_in(expression).isdisjoint(variables):
            return constant(evaluate(expression, self.scope))
        rebuilt = rebuild(expression, lambda part: self._settled(part, variables))
        match rebuilt:
            case Conditional(Constant(test), then, otherwise):
                return then if test else otherwise
            case _:
                return rebuilt


def _is_word(part: Expression) -> bool:
    return isinstance(part, Constant) and isinstance(part.value, str)
