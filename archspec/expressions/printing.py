"""Tree to text, with as few parentheses as Python allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archspec.expressions.tree import (
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    Items,
    Logic,
    Name,
    Unary,
)

_CONDITIONAL, _NOT, _COMPARISON, _NEGATIVE, _ATOM = 1, 4, 5, 8, 9
_PRECEDENCE = {"or": 2, "and": 3, "+": 6, "-": 6, "*": 7, "/": 7, "//": 7, "%": 7}


def _word(value: float | bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def to_text(
    expression: Expression,
    function: Callable[[str], str] = str,
    constant: Callable[[float | bool | str], str] = _word,
) -> str:
    """The expression in the language (which is also Python), with few parentheses.

    `function` renames functions, `constant` prints numbers, words, true and false.
    """
    return _Printer(function, constant).inside(expression, 0)


@dataclass(frozen=True)
class _Printer:
    function: Callable[[str], str]
    constant: Callable[[float | bool | str], str]

    def inside(self, expression: Expression, outer: int) -> str:
        """The text, in parentheses if its context binds more tightly."""
        text, level = self.text(expression)
        return f"({text})" if level < outer else text

    def text(self, expression: Expression) -> tuple[str, int]:
        """The text, and how tightly it binds."""
        match expression:
            case Constant(value):
                return self.constant(value), _ATOM
            case Name(id):
                return id, _ATOM
            case Unary("not", operand):
                return f"not {self.inside(operand, _NOT)}", _NOT
            case Unary(_, operand):
                return f"-{self.inside(operand, _NEGATIVE)}", _NEGATIVE
            case Binary(op, left, right):
                level = _PRECEDENCE.get(op, _COMPARISON)
                first = self.inside(left, level + (op not in _PRECEDENCE))
                return f"{first} {op} {self.inside(right, level + 1)}", level
            case Logic(op, operands):
                level = _PRECEDENCE[op]
                return f" {op} ".join(self.each(operands, level + 1)), level
            case Conditional(test, then, otherwise):
                first, second = self.each((then, test), _CONDITIONAL + 1)
                last = self.inside(otherwise, _CONDITIONAL)
                return f"{first} if {second} else {last}", _CONDITIONAL
            case Call(name, arguments, keywords):
                parts = self.each(arguments, 0)
                parts += [f"{k}={self.inside(value, 0)}" for k, value in keywords]
                return f"{self.function(name)}({', '.join(parts)})", _ATOM
            case Items(items):
                return f"[{', '.join(self.each(items, 0))}]", _ATOM

    def each(self, parts: tuple[Expression, ...], outer: int) -> list[str]:
        return [self.inside(part, outer) for part in parts]
