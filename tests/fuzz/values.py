"""What expressions are worth: they are Python's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import ceil, floor
from typing import Any

from archspec.words import WORDS


class Unfit(Exception):
    """The document is none, or larger than a test should be."""


def round_channels(x: float, divisor: int = 8, keep: float = 0.9) -> int:
    rounded = max(divisor, int(x + divisor / 2) // divisor * divisor)
    return rounded if rounded >= keep * x else rounded + divisor


FUNCTIONS = {
    "round": round, "int": int, "min": min, "max": max, "ceil": ceil, "floor": floor,
    "round_channels": round_channels,
}  # fmt: skip
SEEN = {word: word for word in WORDS} | FUNCTIONS | {"true": True, "false": False}
Names = dict[str, Any]


@cache
def compiled(text: str) -> Any:
    return compile(text, "<expression>", "eval")


def value(given: Any, names: Names) -> Any:
    if isinstance(given, list | tuple):
        return tuple(value(item, names) for item in given)
    if not isinstance(given, str):
        return given
    try:
        return eval(compiled(given), {"__builtins__": {}, **SEEN, **names})  # noqa: S307
    except (ArithmeticError, NameError, TypeError) as error:
        raise Unfit(f"{given}: {error}") from None


def whole(given: Any, names: Names) -> int:
    found = value(given, names)
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise Unfit(f"{given} is {found}")
    return found


def scope_of(document: Mapping[str, Any]) -> Names:
    """Multipliers and definitions, each of which uses those before it."""
    seen: Names = {k: value(v, {}) for k, v in document.get("multipliers", {}).items()}
    for name, body in document.get("define", {}).items():
        function, bracket, parameters = name.partition("(")
        if not bracket:
            seen[name] = value(body, seen)
            continue
        code = f"lambda {parameters.removesuffix(')')}: {body}"
        seen[function] = eval(code, {"__builtins__": {}, **SEEN, **seen})  # noqa: S307
    return seen
