"""Which unit of a use of a block is which part.

The candidates of a use are all ways to pair units with parts of one signature; where a
file lists layers as they are executed, only those in which no part comes before one
that it depends on. A unit that has a part's name is that part.
If all candidates of a use agree which part comes first in the file, or how a part is
named, this is a fact about every use of that block with the same parts. Candidates that
contradict a fact are dropped, and so on until nothing changes. Of those left the
ones that names support best are kept: modules whose names differ in their last number
(`bn1` and `bn2`, `conv1.bn` and `conv2.bn`) are in series; else the layers of one of
our inner blocks have names that begin alike.

A pairing that is known beforehand is only compared with its exchanges of two parts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations

from archspec.weights.adoption.names import common, local, own_names
from archspec.weights.adoption.readings import Candidate, Share, Stored
from archspec.weights.adoption.uses import Part, Use

MAX_STEPS = 50_000
"""Steps of the search for the candidates of one use; a longer one finds none."""

Facts = Mapping[tuple[str, ...], str]


class Case:
    """A use with its units, and the candidates that are left.

    With `executed`, units of one chain are in an order of execution.
    """

    def __init__(self, use: Use, share: Share, executed: bool):
        self.use, self.share = use, share
        self.names = local([unit.name for unit in share.units])
        self._options = _options(use, share, self.names, executed)
        self._steps = 0
        known = share.known
        found = list(self._exchanged(known) if known else self._extended(()))
        self.candidates = found if self._steps <= MAX_STEPS else []

    def pairs(self, candidate: Candidate) -> dict[str, Stored]:
        """The unit of each part, by the part's path."""
        units = dict(zip(candidate, self.share.units, strict=True))
        return {part.name: units[n] for n, part in enumerate(self.use.parts)}

    @property
    def open(self) -> list[Part]:
        """The parts on which the candidates disagree."""
        found = [self.pairs(candidate) for candidate in self.candidates]
        return [p for p in self.use.parts if len({each[p.name] for each in found}) > 1]

    def facts(self) -> Facts:
        """The implications that all candidates share."""
        if not self.candidates:
            return {}
        first, *others = map(self.implied, self.candidates)
        return {
            key: value
            for key, value in first.items()
            if all(other.get(key) == value for other in others)
        }

    def implied(self, candidate: Candidate) -> Facts:
        """The order and the names of parts that a candidate implies for its block."""
        roles = [self.use.parts[part].role for part in candidate]
        chains = self.share.chains
        found: dict[tuple[str, ...], str] = {
            ("name", name): role for name, role in zip(self.names, roles, strict=True)
        }
        for i, j in combinations(range(len(roles)), 2):
            if chains[i] == chains[j]:
                found["first of", *sorted((roles[i], roles[j]))] = roles[i]
        return found

    def named(self, candidate: Candidate) -> tuple[int, int]:
        """How well names support a candidate: pairs in series, then words in common."""
        return self._in_series(candidate), self._words_in_common(candidate)

    def _in_series(self, candidate: Candidate) -> int:
        """How many pairs of names that differ in the last number are in series.

        Those of which only some are in series may be branches, and count for nothing.
        """
        numbered: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        for name, part in zip(self.names, candidate, strict=True):
            if found := re.fullmatch(r"(.*?)(\d{1,18})(\D*)", name):
                numbered[found[1], found[3]].append((int(found[2]), part))
        groups = [
            [
                one in self.use.upstream[other]
                for (_, one), (_, other) in combinations(sorted(alike), 2)
            ]
            for alike in numbered.values()
        ]
        return sum(len(in_series) for in_series in groups if all(in_series))

    def _words_in_common(self, candidate: Candidate) -> int:
        """How many first words the names of parts of one inner block share."""
        inner: dict[str, list[list[str]]] = defaultdict(list)
        for name, part in zip(self.names, candidate, strict=True):
            block, _, _ = self.use.parts[part].role.rpartition(".")
            inner[block].append(re.split("[._/]", name))
        return sum(
            common(pair)
            for block, names in inner.items()
            if block
            for pair in combinations(names, 2)
        )

    def _exchanged(self, known: Candidate) -> Iterator[Candidate]:
        """A candidate and its exchanges of two parts, as far as they fit."""
        if self._fits(known):
            yield known
        for i, j in combinations(range(len(known)), 2):
            other = list(known)
            other[i], other[j] = other[j], other[i]
            if self._fits(other):
                yield tuple(other)

    def _fits(self, candidate: Sequence[int]) -> bool:
        return all(
            part in options and options[part].issubset(candidate[:unit])
            for unit, (part, options) in enumerate(
                zip(candidate, self._options, strict=True)
            )
        )

    def _extended(self, chosen: Candidate) -> Iterator[Candidate]:
        """The candidates that begin like this."""
        unit = len(chosen)
        if unit == len(self._options):
            yield chosen
            return
        for part, before in self._options[unit].items():
            self._steps += 1
            if self._steps > MAX_STEPS:
                return
            if part not in chosen and before.issubset(chosen):
                yield from self._extended((*chosen, part))


def _options(
    use: Use, share: Share, names: Sequence[str], executed: bool
) -> list[dict[int, set[int]]]:
    """The parts that each unit may be, with those that have to come before each."""
    roles = local([part.role for part in use.parts])
    ours = [part.signature for part in use.parts]
    theirs = [unit.signature for unit in share.units]
    own = own_names(
        list(zip(roles, ours, strict=True)), list(zip(names, theirs, strict=True))
    )
    fitting = [
        [own[number]] if number in own else [n for n, s in enumerate(ours) if s == key]
        for number, key in enumerate(theirs)
    ]
    found: list[dict[int, set[int]]] = []
    for parts, home in zip(fitting, share.chains, strict=True):
        others = zip(fitting, share.chains, strict=True)
        elsewhere = {n for numbers, other in others if other != home for n in numbers}
        before = {n: use.earlier(n) - elsewhere for n in parts if executed}
        found.append({n: before.get(n, set[int]()) | use.twins[n] for n in parts})
    return found


def decide(cases: Sequence[Case]) -> None:
    """Leave each case as few candidates as the evidence allows, or the known one."""
    kinds: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in cases:
        kinds[case.use.kind].append(case)
    for alike in kinds.values():
        _learn(alike)
        for case in alike:
            scores = [case.named(candidate) for candidate in case.candidates]
            pairs = zip(case.candidates, scores, strict=True)
            case.candidates = [each for each, score in pairs if score == max(scores)]
        _learn(alike)
    for case in cases:
        if case.share.known:
            case.candidates = [c for c in case.candidates if c == case.share.known]


def _learn(cases: Sequence[Case]) -> None:
    """Drop candidates that contradict the facts, until nothing changes."""
    left: list[int] = []
    while left != (now := [len(case.candidates) for case in cases]):
        left, facts = now, _unanimous([case.facts() for case in cases])
        for case in cases:
            kept = [c for c in case.candidates if _agrees(case.implied(c), facts)]
            case.candidates = kept or case.candidates


def _unanimous(found: Sequence[Facts]) -> Facts:
    """The facts that no other contradicts."""
    values: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for key, value in chain.from_iterable(facts.items() for facts in found):
        values[key].add(value)
    return {key: each.pop() for key, each in values.items() if len(each) == 1}


def _agrees(implied: Facts, facts: Facts) -> bool:
    return all(facts.get(key, value) == value for key, value in implied.items())


def better_named(case: Case, found: Candidate) -> Candidate | None:
    """An exchange that names support better than the candidate found, in any order."""
    free = Case(case.use, case.share._replace(known=found), executed=False)
    best = max([found, *free.candidates], key=free.named)
    return best if best != found else None
