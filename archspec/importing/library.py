"""The standard blocks, and which of them a part of a graph is.

Nothing here is written for one block. Its arguments are found one after the other: each
gets the value for which what the block computes is most alike to what is wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from archspec.errors import SpecError
from archspec.expressions import Constant, evaluate
from archspec.importing.attributes import padding_words, short
from archspec.importing.draft import Said
from archspec.importing.graph import Node
from archspec.importing.matching import Form, Key, Keys, normal
from archspec.importing.probing import Probe, Use, probe
from archspec.importing.regions import Region, Regions
from archspec.importing.skeletons import Skeleton
from archspec.language.blocks import standard_blocks
from archspec.ops.fields import items
from archspec.ops.window import Windowed

ROUNDS = 3
"""How often each argument is looked for: later ones can decide about earlier ones."""
EXACT = 4
"""The weight of an operation with all before it, beside its parts one by one."""


Defaults = Mapping[str, Mapping[str, Said]]


class Call(NamedTuple):
    """A block and its arguments."""

    block: str
    said: Mapping[str, Said]


class Library:
    """The standard blocks under the `defaults` of a spec."""

    def __init__(self, defaults: Defaults):
        self.keys = Keys()
        self.probes = dict(_probes(defaults))
        self.longest = 40
        self._found: dict[
            tuple[str, Key, frozenset[str]], Mapping[str, Said] | None
        ] = {}
        self._possible: dict[frozenset[tuple[str, int]], list[str]] = {}

    def settled(self, regions: Regions) -> dict[str, dict[str, Said]]:
        """What `defaults` should say of blocks that others call without saying it.

        Such are the activations of squeeze-and-excitation within other blocks.
        """
        votes: dict[tuple[str, str], Counter[Said]] = {}
        wanted = {n: silent for n in self.probes if (silent := self._silent(n))}
        for call in self._seen(regions, wanted):
            for name in wanted[call.block]:
                value = call.said.get(name, self.probes[call.block].constant(name))
                votes.setdefault((call.block, name), Counter())[value] += 1
        most = {key: counter.most_common(1)[0][0] for key, counter in votes.items()}
        found: dict[str, dict[str, Said]] = {}
        for (block, name), value in sorted(most.items()):
            if value != self.probes[block].constant(name):
                found.setdefault(block, {})[name] = value
        return found

    def _seen(self, regions: Regions, blocks: Collection[str]) -> Iterator[Call]:
        """Where there is one of some blocks."""
        windows = regions.windows(regions.nodes, self.longest) if blocks else ()
        for region in windows:
            possible = set(self.possible(region.nodes)).intersection(blocks)
            said = {block: self.arguments(block, region) for block in possible}
            yield from (Call(n, own) for n, own in said.items() if own is not None)

    def _silent(self, block: str) -> set[str]:
        """The words of a block that no other one passes on to it."""
        callers = [p.passed[block] for p in self.probes.values() if block in p.passed]
        probe = self.probes[block]
        words = {n for n in probe.arguments if isinstance(probe.constant(n), str)}
        return words.difference(*callers) if callers else set()

    def possible(self, nodes: Sequence[Node]) -> list[str]:
        """The blocks that can have these operations, as often as they are."""
        counts = Counter(n.name for n in nodes if isinstance(normal(n), Form))
        counts["conv"] += counts.pop("dense", 0)
        key = frozenset(counts.items())
        if key not in self._possible:
            fitting = (n for n, p in self.probes.items() if _fits(counts, p))
            self._possible[key] = list(fitting)
        return self._possible[key]

    def usual(self, block: str, name: str, defaults: Defaults) -> Said:
        """The number or word that an argument is if a call does not give it."""
        probe = self.probes.get(block)
        uses = probe.uses.get(name, set[Use]()) if probe else set[Use]()
        constant = probe.constant(name) if probe else None
        if constant is not None or len({use[:2] for use in uses}) != 1:
            return constant
        (use, *_) = uses
        return defaults.get(use.op, {}).get(use.attribute) if use.plain else None

    def calls(self, region: Region, without: Collection[str] = ()) -> list[Call]:
        """The blocks that compute what a region does, the shortest call first."""
        found: list[Call] = []
        for name in self.possible(region.nodes):
            said = self.arguments(name, region, without)
            if said is not None:
                found.append(Call(name, said))
        return sorted(found, key=lambda call: len(call.said))

    def first(self, region: Region, without: Collection[str]) -> Call | None:
        """The simplest block, apart from some, that computes what a region does."""
        names = set(self.possible(region.nodes)).difference(without)
        for name in sorted(names, key=lambda n: (len(self.probes[n].arguments), n)):
            said = self.arguments(name, region)
            if said is not None:
                return Call(name, said)
        return None

    def arguments(
        self, name: str, region: Region, without: Collection[str] = ()
    ) -> Mapping[str, Said] | None:
        """The arguments with which a block computes a region, if there are any."""
        key = name, region.signature(self.keys), frozenset(without)
        if key not in self._found:
            self._found[key] = _Search(
                self.probes[name], region, self.keys, without
            ).run()
        return self._found[key]

    def filled(
        self,
        block: str,
        region: Region,
        said: Mapping[str, Said],
        names: Collection[str],
    ) -> dict[str, Said]:
        """What a call says, and the computed values of arguments it leaves out."""
        probe, found = self.probes[block], dict(said)
        scope = {name: probe.constant(name) for name in probe.arguments}
        scope |= {"in_channels": region.source.shape[0], **said}
        for name in names:
            default = probe.default(name)
            if name not in said and default and not isinstance(default, Constant):
                found[name] = evaluate(default, scope)
        return {name: found[name] for name in probe.arguments if name in found}


def _probes(defaults: Mapping[str, Mapping[str, Said]]) -> Iterator[tuple[str, Probe]]:
    for name in standard_blocks().entries:
        try:
            found = probe(name, defaults)
        except SpecError:
            continue  # it needs a tensor, or more defaults than there are
        yield str(name), found


def _fits(counts: Counter[str], probe: Probe) -> bool:
    """Whether a block can have these ops; a dense layer counts as a convolution."""
    least, most = map(dict, probe.counts)
    for each in (least, most):
        each["conv"] = each.get("conv", 0) + each.pop("dense", 0)
    return all(number <= most.get(op, 0) for op, number in counts.items()) and all(
        counts[op] >= number for op, number in least.items()
    )


class Score(NamedTuple):
    """How alike what a block computes is to what is wanted."""

    equal: bool
    same_ops: bool
    likeness: float


class _Search:
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
