"""Ticks of axes, and numbers as short as a label needs them."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import NamedTuple

_PREFIXES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_STEPS = (1, 2, 2.5, 5, 10)
_PARTS = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8))
"""Ticks in a power of ten of a logarithmic axis, the fewest first."""


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


def linear(highest: float, parts: int = 4) -> list[float]:
    """About so many round values from 0, the last at most `highest`."""
    if highest <= 0:
        return [0]
    rough = highest / parts
    power = 10 ** floor(log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * 0.999)
    return [number * step for number in range(floor(highest / step * 1.001) + 1)]


def logarithmic(lowest: float, highest: float, most: int = 9) -> list[float]:
    """Round values between two numbers, as many as there is room for."""
    powers = range(floor(log10(lowest)), ceil(log10(highest)) + 1)
    found: list[float] = []
    for parts in _PARTS:
        values = [part * 10.0**power for power in powers for part in parts]
        inside = [value for value in values if lowest <= value <= highest]
        found = inside if len(inside) <= most else found
    return found
