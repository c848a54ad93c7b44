"""Uses of blocks that are wired alike, so that each kind is drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from archspec.drawing.details import details
from archspec.drawing.wiring import ROOT, Wiring

Parts = dict[str, str]
"""The ops of a block's rows by their names."""


@dataclass
class Kind:
    """Uses of a block that have the same rows, but for those in `optional`.

    `example` is the path of the first use that has all of them.
    """

    key: str
    block: str
    parts: Parts
    example: str
    optional: set[str] = field(default_factory=set[str])
    shown: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def takes(self, block: str, parts: Parts) -> bool:
        """Whether a use with these rows is one of this kind."""
        return block == self.block and parts.items() <= self.parts.items()

    def common(self, name: str, texts: Sequence[str]) -> tuple[str, ...]:
        """Those details of a row that all uses have."""
        return tuple(text for text in texts if text in self.shown[name])


class Kinds:
    """The kinds of uses in a network, in the order in which they are first used."""

    def __init__(self, wiring: Wiring):
        self._wiring = wiring
        paths = [path for path in wiring.uses if path != ROOT and wiring.rows[path]]
        parts = {p: {r.name: r.op for r in wiring.rows[p]} for p in paths}
        kinds: list[Kind] = []
        self._kind_of: dict[str, Kind] = {}
        for path in sorted(paths, key=lambda path: -len(parts[path])):
            block = wiring.uses[path].block or ""
            kind = next((k for k in kinds if k.takes(block, parts[path])), None)
            if kind is None:
                number = sum(kind.block == block for kind in kinds)
                key = f"{block}-{number + 1}" if number else block
                kind = Kind(key, block, parts[path], path)
                kinds.append(kind)
            self._note(kind, path)
            self._kind_of[path] = kind
        self._paths = paths

    def _note(self, kind: Kind, path: str) -> None:
        document = self._wiring.network.document
        rows = self._wiring.rows[path]
        kind.optional |= kind.parts.keys() - {row.name for row in rows}
        for row in rows:
            shown = {*details(document, row.step)}
            kind.shown[row.name] = kind.shown.get(row.name, shown) & shown

    def outer_first(self) -> list[Kind]:
        """The kinds in the order of their first uses, each after those that use it."""
        depth: dict[str, int] = {}
        for path in reversed(self._paths):
            own = self._kind_of[path].key
            inner = [depth[self._kind_of[p].key] for p in self._within(path)]
            depth[own] = max([depth.get(own, 0), *(d + 1 for d in inner)])
        first = {self._kind_of[path].key: self._kind_of[path] for path in self._paths}
        return sorted(first.values(), key=lambda kind: -depth[kind.key])

    def _within(self, path: str) -> list[str]:
        steps = (row.step for row in self._wiring.rows[path])
        inner = (step.inner.path for step in steps if step and step.inner)
        return [path for path in inner if path in self._kind_of]

    def key_of(self, path: str) -> str | None:
        """The kind of a use; None of one without layers."""
        kind = self._kind_of.get(path)
        return kind.key if kind else None
