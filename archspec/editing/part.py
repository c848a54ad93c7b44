"""The tree of a YAML text, with the position of each part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True, eq=False)
class Part:
    """A scalar, a mapping or a list, from `start` to before `end`.

    `text` is that of a scalar, without quotes. `entries` are keys with their values,
    None where there is none yet; `items` are those of a list.
    """

    kind: Literal["scalar", "mapping", "list"]
    start: int
    end: int
    text: str = ""
    quoted: bool = False
    flow: bool = False
    entries: list[tuple[Part, Part | None]] = field(
        default_factory=list["tuple[Part, Part | None]"]
    )
    items: list[Part] = field(default_factory=list["Part"])

    @property
    def is_null(self) -> bool:
        """Whether it is what YAML reads as null."""
        is_plain = self.kind == "scalar" and not self.quoted
        return is_plain and self.text in ("", "~", "null")

    def get(self, key: str) -> Part | None:
        """The value of a key."""
        return next((value for own, value in self.entries if own.text == key), None)

    def key(self, name: str) -> Part | None:
        """The key itself."""
        return next((own for own, _ in self.entries if own.text == name), None)

    def section(self, key: str) -> Part:
        """The mapping under a key; an empty one if there is none."""
        value = self.get(key)
        if value is not None and value.kind == "mapping":
            return value
        return Part("mapping", self.end, self.end)

    @property
    def keys(self) -> list[str]:
        """The keys of a mapping."""
        return [key.text for key, _ in self.entries]

    def walk(self) -> Iterator[Part]:
        """It and everything in it, in order."""
        yield self
        for key, value in self.entries:
            yield key
            if value is not None:
                yield from value.walk()
        for item in self.items:
            yield from item.walk()
