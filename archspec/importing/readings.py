"""Tables of readings: what each operation of a source is in the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from archspec.importing.arrays import Function

Reading = Callable[..., Any]


class Readings(dict[str, Reading]):
    """Readings by the names of operations."""

    def reads(self, *names: str) -> Callable[[Reading], Reading]:
        """Register a reading of these operations."""

        def register(function: Reading) -> Reading:
            self.update(dict.fromkeys(names, function))
            return function

        return register


class Tables(NamedTuple):
    """What a source's operations are: readings, and functions of arrays.

    `chained` are those whose chains may be an op, and `reducing` those of them that
    read the numbers along an axis; all others read each number by itself. `moving` only
    move numbers, and `partial` take a tensor inside a chain. `sums` take a stack.
    """

    operations: Readings
    scores: Readings
    functions: Mapping[str, Function]
    chained: frozenset[str]
    reducing: frozenset[str]
    moving: frozenset[str]
    partial: frozenset[str] = frozenset()
    sums: frozenset[str] = frozenset()
