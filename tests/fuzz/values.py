"""What expressions are worth: they are Python's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import ceil, floor
from typing import Any


class Unfit(Exception):
    """The document is none, or larger than a test should be."""


def round_channels(x: float, divisor: int = 8, keep: float = 0.9) -> int:
    rounded = max(divisor, int(x + divisor / 2) // divisor * divisor)
    return rounded if rounded >= keep * x else rounded + divisor


WORDS = """same symmetric valid relu relu6 leaky_relu hard_swish hard_sigmoid sigmoid
    swish gelu gelu_tanh tanh softmax identity nearest bilinear channels_first
    channels_last normal truncated_normal uniform fan_in fan_out fan_avg"""
FUNCTIONS = {
    "round": round, "int": int, "min": min, "max": max, "ceil": ceil, "floor": floor,
    "round_channels": round_channels,
}  # fmt: skip
SEEN = (
    {word: word for word in WORDS.split()} | FUNCTIONS | {"true": True, "false": False}
)
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
