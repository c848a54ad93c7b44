"""The arguments with which a standard block computes what a part of a graph does.

They are found one after the other: each gets the value for which what the block
computes is most alike to what is wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from archspec.expressions import Constant
from archspec.importing.attributes import padding_words, short
from archspec.importing.draft import Said
from archspec.importing.graph import Node
from archspec.importing.matching import Form, Keys, normal
from archspec.importing.probing import Probe, Use
from archspec.importing.regions import Region
from archspec.importing.skeletons import Skeleton
from archspec.ops.fields import items
from archspec.ops.window import Windowed

ROUNDS = 3
"""How often each argument is looked for: later ones can decide about earlier ones."""
EXACT = 4
"""The weight of an operation with all before it, beside its parts one by one."""


class Score(NamedTuple):
    """How alike what a block computes is to what is wanted."""

    equal: bool
    same_ops: bool
    likeness: float


class Search:
    """The arguments of one block for one region."""

    def __init__(
        self, probe: Probe, region: Region, keys: Keys, without: Collection[str]
    ):
        self.probe, self.region, self.keys = probe, region, keys
        self.names = [name for name in probe.arguments if name not in without]
        self.goal = region.signature(keys)
        self.wanted = Counter(_features(region.isolated))
        self.reached = {keys[node] for node in region.isolated}
        self.skeleton = Skeleton(region.isolated[-1])
        self.tried: dict[str, Score] = {}

    def run(self) -> Mapping[str, Said] | None:
        """The arguments that a call must give, in their order."""
        candidates = {name: self.candidates(name) for name in self.names}
        if any(not candidates.get(name) for name in self.probe.required):
            return None
        said = {n: candidates[n][0] for n in self.names if n in self.probe.required}
        for _ in range(ROUNDS):
            before = said
            for name in self.names:
                said = self.improved(said, name, candidates[name])
            if self.score(said).equal:
                return self.shortest(said)
            if said == before:
                said = self.improved_together(said, candidates)
            if said == before:
                return None
        return None

    def improved(
        self, said: dict[str, Said], name: str, candidates: Sequence[Said]
    ) -> dict[str, Said]:
        """With the value of one argument that makes the block most alike."""
        best, score = said, self.score(said)
        for value in () if score.equal else candidates:
            other = self.ordered({**said, name: value})
            if (found := self.score(other)) > score:
                best, score = other, found
        return best

    def improved_together(
        self, said: dict[str, Said], candidates: Mapping[str, Sequence[Said]]
    ) -> dict[str, Said]:
        """With a number of runs and another argument that are better at once."""
        uses = self.probe.uses
        counts = [
            name
            for name in self.names
            if any(use.attribute == "repeat" for use in uses.get(name, ()))
        ]
        starts = [
            (name, self.ordered({**said, name: value}))
            for name in counts
            for value in candidates[name]
        ]
        found = [
            self.improved(start, other, candidates[other])
            for name, start in starts
            for other in self.names
            if other != name
        ]
        return max([said, *found], key=self.score)

    def ordered(self, said: Mapping[str, Said]) -> dict[str, Said]:
        return {name: said[name] for name in self.names if name in said}

    def shortest(self, said: dict[str, Said]) -> dict[str, Said]:
        """Without what makes no difference."""
        for name in reversed(self.names):
            fewer = {n: value for n, value in said.items() if n != name}
            optional = name in said and name not in self.probe.required
            if optional and self.score(fewer).equal:
                said = fewer
        return said

    def score(self, said: Mapping[str, Said]) -> Score:
        """How alike the block is with these arguments."""
        key = repr(said)
        if key not in self.tried:
            nodes = self.probe.nodes(said, self.region.source.shape)
            self.tried[key] = self._score(nodes) if nodes else Score(False, False, -1e9)
        return self.tried[key]

    def _score(self, nodes: Sequence[Node]) -> Score:
        if self.keys.alone(nodes) == self.goal:
            return Score(True, True, 0)
        alike = self.skeleton.likeness(nodes[-1])
        if alike is not None:
            return Score(False, True, alike)
        exact = EXACT * len({self.keys[node] for node in nodes} & self.reached)
        found = Counter(_features(nodes))
        common = (found & self.wanted).total()
        return Score(False, False, 2 * common - found.total() + exact)

    def candidates(self, name: str) -> list[Said]:
        """The values that an argument may have, judged by what it decides."""
        found: list[Said] = []
        for use in sorted(self.probe.uses.get(name, ())):
            found += self._values(use)
        found += sorted(self.probe.thresholds.get(name, ()), key=repr)
        default = self.probe.default(name)
        return [
            v for v in dict.fromkeys(map(_hashable, found)) if Constant(v) != default
        ]

    def _values(self, use: Use) -> Iterator[Said]:
        """The values of an attribute in the region, and what could make them up."""
        if use.attribute == "repeat":
            yield from range(1, 5)
            return
        direct = [
            value
            for node in self.region.nodes
            for op, name in ((use.op, use.attribute), _TWINS.get(use[:2], ("", "")))
            if node.name == op
            for value in _value(node, name)
        ]
        if use.plain:
            yield from dict.fromkeys(direct)
        elif any(isinstance(value, (int, float)) for value in direct):
            yield from self.ratios
            yield from self.channels

    @cached_property
    def channels(self) -> list[int]:
        """The numbers of channels, those of the result first."""
        shapes = [node.shape for node in (*self.region.nodes[::-1], self.region.source)]
        return list(dict.fromkeys(shape[0] for shape in shapes))

    @cached_property
    def ratios(self) -> list[Said]:
        """Quotients of numbers of channels that a person would write."""
        found = {a / b for a in self.channels for b in self.channels}
        found |= {round(4 * r) / 4 for r in found} - {
            0.0
        }  # before channels are rounded
        nice = [r for r in found if _is_nice(r)]
        return [
            int(r) if r.is_integer() else r
            for r in sorted(nice, key=lambda r: (r < 1, r))
        ]


def _is_nice(ratio: float) -> bool:
    if ratio >= 1:
        return (2 * ratio).is_integer()
    return (4 * ratio).is_integer() or (1 / ratio).is_integer()


_TWINS = {
    ("conv", "filters"): ("dense", "units"),
    ("dense", "units"): ("conv", "filters"),
    ("conv", "bias"): ("dense", "bias"),
    ("dense", "bias"): ("conv", "bias"),
}
"""What a 1x1 convolution has of a dense layer, and the reverse."""


def _hashable(value: Said) -> Said:
    return tuple(items(value)) or value


def _value(node: Node, name: str) -> Iterator[Said]:
    """An attribute of a node as a spec writes it."""
    value = dict(node.op or ()).get(name)
    if name == "padding" and isinstance(node.op, Windowed):
        yield from padding_words(node)
    if value is not None:
        yield _hashable(short(value))


def _features(nodes: Sequence[Node]) -> Iterator[tuple[object, ...]]:
    """What can be said of nodes one by one, so that each right argument counts."""
    for node in nodes[1:]:
        form = normal(node)
        if not isinstance(form, Form):
            continue
        yield (form.name,)
        yield form.name, node.sources[0].shape[0], "in"
        yield form.name, node.shape, "out"
        yield from ((form.name, *attribute) for attribute in form.attributes)
