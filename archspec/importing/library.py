"""The standard blocks, and which of them a part of a graph is.

Nothing here is written for one block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from archspec.errors import SpecError
from archspec.expressions import Constant, evaluate
from archspec.importing.draft import Said
from archspec.importing.graph import Node
from archspec.importing.matching import Form, Key, Keys, normal
from archspec.importing.probing import Probe, Use, probe
from archspec.importing.regions import Region, Regions
from archspec.importing.search import Search
from archspec.language.blocks import standard_blocks

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
            self._found[key] = Search(
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
