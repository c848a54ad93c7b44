"""Layers side by side that only the order of a file tells apart.

Execution does not order two layers of which neither reads the other: a file may list
either first. So their names have to decide, or what lies between them in the file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

from archspec.errors import Diagnostic
from archspec.network import Network
from archspec.weights.adoption.mismatches import AmbiguousMatch, listed_names
from archspec.weights.adoption.readings import Stored
from archspec.weights.adoption.uses import Part, ancestors, branches

ALIKE = (
    "the file may list either first: in the spec, name both as the file does, "
    "or compare the outputs with those of the original: --verify"
)


def check_parallel(
    network: Network,
    parts: Sequence[Part],
    pairs: Mapping[str, Stored],
    units: Sequence[Stored],
) -> None:
    """Raise AmbiguousMatch (AS517) where two layers could be exchanged unnoticed.

    `pairs` has the unit of each layer by its path, `units` are in the file's order.
    """
    order = {unit.name: number for number, unit in enumerate(units)}
    sides = _Sides(network, parts, pairs, order)
    for one, other in sides.parallel():
        if not sides.told(one, other):
            both = listed_names([pairs[part.name].name for part in (one, other)])
            found = [
                Diagnostic("AS517", f"'{part.name}' may be any of {both}")
                for part in (one, other)
            ]
            raise AmbiguousMatch.most(found, ALIKE)


class _Sides:
    """The layers of a network that stand side by side, and their units."""

    def __init__(
        self,
        network: Network,
        parts: Sequence[Part],
        pairs: Mapping[str, Stored],
        order: Mapping[str, int],
    ):
        self.parts, self.pairs = parts, pairs
        self.places = {path: order[stored.name] for path, stored in pairs.items()}
        self.numbers = {layer.path: n for n, layer in enumerate(network.layers)}
        self.above, self.branches = ancestors(network), branches(network)

    def parallel(self) -> Iterator[tuple[Part, Part]]:
        """Two layers of one signature, of which neither depends on the other.

        Those that start the same branch of a sum can be exchanged.
        """
        alike: dict[object, list[Part]] = defaultdict(list)
        for part in self.parts:
            alike[part.signature].append(part)
        for one, other in (
            p for group in alike.values() for p in combinations(group, 2)
        ):
            i, j = (self.numbers[part.name] for part in (one, other))
            apart = i not in self.above[j] and j not in self.above[i]
            if apart and self.branches[i] != self.branches[j]:
                yield one, other

    def told(self, one: Part, other: Part) -> bool:
        """Whether names or other layers of the file tell which is which."""
        names = [self.pairs[part.name].name for part in (one, other)]
        return (
            _are_numbered(*names)
            or self._in_modules(*names)
            or _words_tell([one.name, other.name], names)
            or self._between(one, other)
        )

    def _in_modules(self, one: str, other: str) -> bool:
        """Whether they are in modules that have other layers, too."""
        a, b = one.split("."), other.split(".")
        first = next(
            (n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y),
            min(len(a), len(b)),
        )
        modules = [".".join(words[: first + 1]) + "." for words in (a, b)]
        held = (
            [unit for unit in self.pairs.values() if unit.name.startswith(module)]
            for module in modules
        )
        return any(len(units) > 1 for units in held)

    def _between(self, one: Part, other: Part) -> bool:
        """Whether a layer between them in the file has to come before the second.

        Or behind the first; then the file would not be in order with them exchanged.
        """
        first, second = sorted((one, other), key=lambda part: self.places[part.name])
        start, end = self.places[first.name], self.places[second.name]
        i, j = self.numbers[first.name], self.numbers[second.name]
        paths = (path for path, place in self.places.items() if start < place < end)
        inside = map(self.numbers.__getitem__, paths)
        return any(n in self.above[j] or i in self.above[n] for n in inside)


def _are_numbered(one: str, other: str) -> bool:
    """Whether the names differ in a number alone."""
    return re.sub(r"\d+", "#", one) == re.sub(r"\d+", "#", other)


def _words_tell(paths: Sequence[str], names: Sequence[str]) -> bool:
    """Whether names share more words with their layers than exchanged.

    A word may be the beginning of another: `q` is `query`.
    """
    ours, theirs = (
        [{*re.findall(r"[^\W\d_]+", each.lower())} for each in both]
        for both in (paths, names)
    )
    straight, crossed = (
        sum(
            a.startswith(b) or b.startswith(a)
            for mine, found in zip(ours, others, strict=True)
            for a, b in product(mine, found)
        )
        for others in (theirs, theirs[::-1])
    )
    return straight > crossed
