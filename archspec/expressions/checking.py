"""Checks that a scope has the names of an expression, and of its size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from archspec.errors import meaning
from archspec.expressions.functions import BUILTINS
from archspec.expressions.tree import (
    Call,
    Expression,
    ExpressionError,
    Function,
    Name,
    Scope,
    children,
    walk,
)
from archspec.synonyms import FUNCTIONS, VALUES
from archspec.words import WORDS

MAX_PARTS = 250
"""Parts of an expression with its definitions expanded."""


def check(expression: Expression, scope: Scope) -> None:
    """Raise ExpressionError unless the scope knows all names, and it is bounded."""
    if check_names(expression, scope):
        _Size(scope).of(expression, {})


def check_names(
    expression: Expression, scope: Scope, choices: Collection[str] = ()
) -> bool:
    """Whether it calls a definition.

    Raises ExpressionError unless the scope knows all names, as what they are; if the
    expression is an unknown name, its help lists the `choices`.
    """
    calls_definition = False
    for part in walk(expression):
        if isinstance(part, Name):
            _check_name(part, scope, choices if part is expression else ())
        elif isinstance(part, Call):
            _check_call(part, scope)
            calls_definition |= part.function in scope
    return calls_definition


def _check_name(name: Name, scope: Scope, choices: Collection[str]) -> None:
    size = len(name.id)
    if isinstance(scope.get(name.id), Function):
        message = f"'{name.id}' is a function and needs its arguments"
        raise ExpressionError(message, name.offset, size)
    if name.id in scope:
        return
    if "." in name.id:
        message = f"an attribute is not part of the expression language: '{name.id}'"
        help = "use a name of the spec, or 'channels'"
        raise ExpressionError(message, name.offset, size, help)
    if name.id == "in_channels" and "channels" in scope:
        help = "outside blocks the current tensor's channels are 'channels'"
    elif name.id == "classes":
        help = "set it in the spec: classes: 1000"
    elif name.id in BUILTINS:
        help = "it is a function and needs its arguments"
    else:
        help = _meant(name.id, scope, choices)
    raise ExpressionError(f"unknown name '{name.id}'", name.offset, size, help)


def _meant(name: str, scope: Scope, choices: Collection[str]) -> str:
    """Help on an unknown name, of which the `choices` are expected if there are any."""
    chosen = VALUES.match(name, choices)
    if chosen is not None:
        return meaning(chosen)
    near = VALUES.help(name, [*scope, *WORDS, "true", "false", "~"])
    expected = f"expected {', '.join(choices)}; " if choices else ""
    return near or f"{expected}names in scope: {_listed(scope)}"


def _listed(names: Collection[str]) -> str:
    """The first few."""
    few = ", ".join([*names][:8]) or "none"
    return f"{few}, ..." if len(names) > 8 else few


def _check_call(call: Call, scope: Scope) -> None:
    function, size = scope.get(call.function), len(call.function)
    if isinstance(function, Function):
        expected = len(function.parameters)
        found = len(call.arguments) + len(call.keywords)
        if call.keywords or found != expected:
            signature = f"{function.name}({', '.join(function.parameters)})"
            message = f"{signature}: expected {expected} arguments, found {found}"
            raise ExpressionError(message, call.offset, size)
    elif call.function in scope:
        message = f"'{call.function}' is not a function"
        raise ExpressionError(message, call.offset, size)
    elif call.function not in BUILTINS:
        known = [*BUILTINS, *(n for n, v in scope.items() if isinstance(v, Function))]
        near = FUNCTIONS.help(call.function, known)
        help = near or f"functions: {_listed(known)}"
        message = f"unknown function '{call.function}'"
        raise ExpressionError(message, call.offset, size, help)
    elif call.keywords and call.function != "round_channels":
        message = f"{call.function} takes no keyword arguments"
        raise ExpressionError(message, call.offset, size)


@dataclass
class _Size:
    """Counts parts, those of definitions at each call, as long as any are left."""

    scope: Scope
    left: int = MAX_PARTS

    def of(self, expression: Expression, parameters: Mapping[str, int]) -> int:
        """The parts of an expression; `parameters` has those of each argument.

        An argument counts where it is written, too: it is evaluated for the call.
        """
        size = 1
        if isinstance(expression, Name):
            size = parameters.get(expression.id, 1)
        self.left -= size
        if self.left < 0:
            raise ExpressionError(
                f"with its definitions expanded it has more than {MAX_PARTS} parts"
            )
        parts = [self.of(child, parameters) for child in children(expression)]
        size += sum(parts)
        called = isinstance(expression, Call) and self.scope.get(expression.function)
        if isinstance(called, Function):
            arguments = dict(zip(called.parameters, parts, strict=True))
            size += self.of(called.body, arguments)
        return size
