"""Ticks of axes, and numbers as short as a label needs them."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor, log10
from typing import NamedTuple

_PREFIXES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_STEPS = (1, 2, 5, 10)


class Tick(NamedTuple):
    """A label, and its value."""

    value: float
    text: str


def short(number: float) -> str:
    """Three digits and a prefix: 3.5M, 301M, 1.28k."""
    for size, prefix in _PREFIXES:
        if number >= 0.9995 * size:
            return f"{_three_digits(number / size)}{prefix}"
    return _three_digits(number)


def short_bytes(number: float) -> str:
    """Three digits and a unit, a power of 1,000: 6.02 MB."""
    text = short(number)
    prefix = text[-1] if text[-1].isalpha() else ""
    return f"{text.removesuffix(prefix)} {prefix}B"


def _three_digits(number: float) -> str:
    digits = 0 if number >= 99.95 else 1 if number >= 9.995 else 2
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def linear(highest: float, parts: int = 3) -> list[float]:
    """About so many round values from 0, the last at most `highest`."""
    if highest <= 0:
        return [0]
    rough = highest / parts
    power = 10 ** floor(log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * 0.999)
    return [number * step for number in range(floor(highest / step * 1.001) + 1)]


def logarithmic(lowest: float, highest: float, most: int = 8) -> list[float]:
    """Values 1, 2, 5, 10, ... between two numbers; of many, the powers of ten."""
    inside = [v for v in _decades(lowest, highest) if lowest <= v <= highest]
    if len(inside) <= most:
        return inside
    return [value for value in inside if log10(value) % 1 < 1e-9]


def _decades(lowest: float, highest: float) -> Iterator[float]:
    for power in range(floor(log10(lowest)), ceil(log10(highest)) + 1):
        yield from (step * 10.0**power for step in _STEPS[:3])
