"""Tables of readings: what each operation of a source is in the language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Reading = Callable[..., Any]


class Readings(dict[str, Reading]):
    """Readings by the names of operations."""

    def reads(self, *names: str) -> Callable[[Reading], Reading]:
        """Register a reading of these operations."""

        def register(function: Reading) -> Reading:
            self.update(dict.fromkeys(names, function))
            return function

        return register
