"""The only values that reach a template: checked code, and text made harmless.

Jinja's `finalize` refuses plain strings, so that nothing of a spec can become code
unless one of these classes has looked at it.
"""

from __future__ import annotations

import ast
import json
import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from archspec.expressions import BUILTINS, Expression, Items, Name, Value, to_text
from archspec.targets.symbols import (
    constant,
    constant_value,
    names_in,
    substitute,
)

LINE_LENGTH = 88


@dataclass(frozen=True, eq=False, slots=True)
class Code:
    """A piece of source made from checked parts; equal to the constant that it is."""

    text: str
    value: Value = None

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Code):
            return self.text == other.text
        same_kind = isinstance(self.value, bool) is isinstance(other, bool)
        return self.value is not None and same_kind and self.value == other

    @property
    def is_true(self) -> bool:
        """Whether it is the constant `True`."""
        return self.value is True

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        return self.text


def identifier(name: str) -> Code:
    """A name that the language has checked."""
    if not all(part.isidentifier() and part.isascii() for part in name.split(".")):
        raise ValueError(f"{name!r} is no identifier")
    return Code(name)


def class_name(block: str) -> str:
    """The block's name in capitals: `inverted_residual` is InvertedResidual."""
    return "".join(part[:1].upper() + part[1:] for part in block.split("_"))


def literal(value: Value) -> Code:
    """A Python literal: a number, a string, true, false, or a tuple of them."""
    if isinstance(value, tuple):
        parts = [literal(part).text for part in value]
        return Code(f"({', '.join(parts)}{',' * (len(parts) == 1)})", value)
    return Code(to_text(constant(value), constant=_constant), value)


def term(code: Code) -> Code:
    """The same in brackets, unless it is one name, number or call."""
    tree = ast.parse(code.text, mode="eval").body
    single = isinstance(tree, ast.Name | ast.Attribute | ast.Constant | ast.Call)
    return code if single else Code(f"({code})", code.value)


def rounded(value: Any) -> Any:
    """0.3 for 0.30000000000000004, in settings that no expression reads."""
    if isinstance(value, tuple):
        return tuple(rounded(item) for item in cast("tuple[object, ...]", value))
    short = round(value, 12)
    shorter = len(repr(short)) < len(repr(value))
    return short if shorter and math.isclose(short, value, rel_tol=1e-14) else value


def _constant(value: float | bool | str) -> str:
    """A literal of Python, with 1e-3 for 0.001."""
    if isinstance(value, str):
        return json.dumps(value)
    text = repr(value)
    digits = text.lstrip("-0.").rstrip("0")
    if isinstance(value, float) and 0 < abs(value) < 0.01 and len(digits) == 1:
        text = f"{value:.0e}"
    return text.replace("e-0", "e-")


def collapsed(value: Value) -> Value:
    """A pair of equal numbers as one number."""
    if isinstance(value, tuple) and len(value) == 2 and value[0] == value[1]:
        return value[0]
    return value


class Printer:
    """Expressions of one routine as Python, in the names that the routine prints.

    `prefix` goes before every name (`self.`).
    """

    _BUILTINS: Mapping[str, str] = {"ceil": "math.ceil", "floor": "math.floor"}

    def __init__(self, names: Mapping[str, str], prefix: str = ""):
        self.names = names
        self.prefix = prefix

    def code(self, expression: Expression) -> Code:
        """The expression; what is no name of the spec stays as it is."""
        value = constant_value(expression)
        if isinstance(value, tuple):
            return literal(collapsed(value))
        if isinstance(expression, Items):
            parts = ", ".join(self.code(item).text for item in expression.items)
            return Code(f"({parts})")
        names = [name for name in names_in(expression) if name.isidentifier()]
        renamed = substitute(
            expression, {n: Name(self.prefix + self.names.get(n, n)) for n in names}
        )
        return Code(to_text(renamed, self._function, _constant), value)

    def _function(self, name: str) -> str:
        if name in BUILTINS:
            return self._BUILTINS.get(name, name)
        return self.prefix + self.names.get(name, name)


def docstring(text: str | None, width: int = 76) -> Code:
    """Free text as lines of a docstring: printable, no quotes or backslashes."""
    cleaned = "".join(c if c.isprintable() else " " for c in text or "")
    cleaned = cleaned.replace("\\", "/").replace('"', "'").strip()
    return Code("\n".join(textwrap.wrap(cleaned, width)))
