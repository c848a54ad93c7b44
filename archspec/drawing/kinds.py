"""Uses of blocks that are wired alike, so that each kind is drawn once."""

from __future__ import annotations

from collections import defaultdict
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

    block: str
    parts: Parts
    example: str
    optional: set[str] = field(default_factory=set[str])
    shown: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def takes(self, parts: Parts) -> bool:
        """Whether a use of the block with these rows is one of this kind."""
        return parts.items() <= self.parts.items()

    def note(self, wiring: Wiring, path: str) -> None:
        """Take a use into the kind."""
        rows = wiring.rows[path]
        self.optional |= self.parts.keys() - {row.name for row in rows}
        for row in rows:
            shown = {*details(wiring.network.document, row.step)}
            self.shown[row.name] = self.shown.get(row.name, shown) & shown

    def common(self, name: str, texts: Sequence[str]) -> tuple[str, ...]:
        """Those details of a row that all uses have."""
        return tuple(text for text in texts if text in self.shown[name])


def kinds(wiring: Wiring) -> list[Kind]:
    """The kinds of uses in a network, each after those that use it."""
    paths = [path for path in wiring.uses if path != ROOT and wiring.rows[path]]
    parts = {p: {r.name: r.op for r in wiring.rows[p]} for p in paths}
    found: dict[str, list[Kind]] = defaultdict(list)
    kind_of: dict[str, Kind] = {}
    for path in sorted(paths, key=lambda path: -len(parts[path])):
        block = wiring.uses[path].block or ""
        alike = (kind for kind in found[block] if kind.takes(parts[path]))
        kind = next(alike, None) or Kind(block, parts[path], path)
        if not kind.shown:
            found[block].append(kind)
        kind.note(wiring, path)
        kind_of[path] = kind
    depths = _depths(wiring, kind_of)
    first = {id(kind_of[path]): kind_of[path] for path in paths}
    return sorted(first.values(), key=lambda kind: -depths[id(kind)])


def _depths(wiring: Wiring, kind_of: dict[str, Kind]) -> dict[int, int]:
    """How many kinds are within each other in a kind, by its identity."""
    depths: dict[int, int] = {}
    for path, kind in reversed([(p, kind_of[p]) for p in wiring.uses if p in kind_of]):
        steps = (row.step for row in wiring.rows[path])
        inner = [step.inner.path for step in steps if step and step.inner]
        below = [depths[id(kind_of[path])] + 1 for path in inner if path in kind_of]
        depths[id(kind)] = max([depths.get(id(kind), 0), *below])
    return depths
