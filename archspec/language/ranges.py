"""Several values in place of one: `0.25:1.5:0.05`, `2,3,4`."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_VALUES = 1_000
"""Of one range."""

_NUMBER = r"\s*([-+]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15}))\s*"
_RANGE = re.compile(f"{_NUMBER}:{_NUMBER}(?::{_NUMBER})?")
_COMMA = re.compile(r",(?![^\[({]*[\])}])")
"""Not within brackets: `[160, 128]` is one value."""


def values(text: str) -> tuple[str, ...]:
    """Values with commas between; `start:end:step` stands for all up to `end`.

    Numbers of a range are exact decimals, and the step is 1 if it is left out. Raises
    ValueError for an empty range or value.
    """
    found: dict[str, None] = {}
    for item in _COMMA.split(text):
        if not item.strip():
            raise ValueError(f"a value is missing in '{text}'")
        found |= dict.fromkeys(_item(item.strip()))
    return tuple(found)


def _item(text: str) -> Sequence[str]:
    match = _RANGE.fullmatch(text)
    if match is None:
        return [text]
    from decimal import Decimal  # noqa: PLC0415 - few specs have ranges

    start, end, step = (Decimal(number or "1") for number in match.groups())
    if step <= 0 or end < start:
        message = f"the range {text} is empty; write start:end:step"
        raise ValueError(f"{message} with start <= end and step > 0")
    count = int((end - start) // step) + 1
    if count > MAX_VALUES:
        raise ValueError(
            f"the range {text} has {count:,} values; at most {MAX_VALUES:,}"
        )
    numbers = (start + number * step for number in range(count))
    return [format(number.normalize(), "f") for number in numbers]
