"""Which unit of a use is which part of the block.

The candidates of a use are all ways to pair units with parts of one signature; where a
file lists layers as they are executed, only those in which no part comes before one
that it depends on. A unit that is called what a part is, is that part.
What all candidates of a use agree on is a fact about every use of that block with the
same parts: which part stands first in the file, and what a part is called. A candidate
that contradicts a fact is dropped, and so on until nothing changes. Where several are
left, those stay for which names say most: modules whose names differ in their last
number (`bn1` and `bn2`, `conv1.bn` and `conv2.bn`) are in series; else names of what is
in one inner block of ours begin alike.

Where there are too many ways, and one is meant, the others are what differs from it by
one exchange.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations

from archspec.weights.adoption.names import common, local, own_names
from archspec.weights.adoption.readings import Share, Stored
from archspec.weights.adoption.uses import Part, Use

MAX_STEPS = 50_000
"""Of the search for the candidates of one use; a longer one is given up."""

Candidate = tuple[int, ...]
"""The part that each unit is."""
Facts = Mapping[tuple[str, ...], str]


class Case:
    """A use with its units, and the candidates that are left."""

    def __init__(self, use: Use, share: Share, executed: bool, meant: Candidate = ()):
        self.use, self.share, self.executed, self.meant = use, share, executed, meant
        self.names = local([unit.name for unit in share.units])
        own = self._own()
        self._fitting = [
            [own[number]]
            if number in own
            else [n for n, p in enumerate(use.parts) if p.signature == unit.signature]
            for number, unit in enumerate(share.units)
        ]
        self._steps = 0
        self.candidates = list(self._extended(()))
        if self.given_up:
            self.candidates = list(self.near(meant)) if meant else []

    @property
    def given_up(self) -> bool:
        """Whether there are more candidates than were looked at."""
        return self._steps > MAX_STEPS

    def near(self, candidate: Candidate) -> Iterator[Candidate]:
        """A candidate, and what it is with two parts exchanged, as far as they fit."""
        if self._fits(candidate):
            yield candidate
        for i, j in combinations(range(len(candidate)), 2):
            other = list(candidate)
            other[i], other[j] = other[j], other[i]
            if self._fits(other):
                yield tuple(other)

    def pairs(self, candidate: Candidate) -> dict[str, Stored]:
        """The unit of each part, by the part's path."""
        units = dict(zip(candidate, self.share.units, strict=True))
        return {p.layer.path: units[number] for number, p in enumerate(self.use.parts)}

    @property
    def open(self) -> list[Part]:
        """The parts that the candidates do not agree about."""
        units = [self.pairs(candidate) for candidate in self.candidates]
        return [
            part
            for part in self.use.parts
            if len({pairs[part.layer.path] for pairs in units}) > 1
        ]

    def facts(self) -> Facts:
        """What all candidates agree on; nothing where they are not all known."""
        if self.given_up or not self.candidates:
            return {}
        first, *others = [self.said(candidate) for candidate in self.candidates]
        return {
            key: value
            for key, value in first.items()
            if all(other.get(key) == value for other in others)
        }

    def said(self, candidate: Candidate) -> Facts:
        """What a candidate says about the block."""
        roles = [self.use.parts[part].role for part in candidate]
        order = {
            ("first of", *sorted((roles[i], roles[j]))): roles[i]
            for i, j in self._in_one_chain()
        }
        return order | {
            ("called", name): role for name, role in zip(self.names, roles, strict=True)
        }

    def _in_one_chain(self) -> Iterator[tuple[int, int]]:
        """Pairs of units of which the file tells the order."""
        chains = self.share.chains
        pairs = combinations(range(len(chains)), 2)
        return ((i, j) for i, j in pairs if chains[i] == chains[j])

    def _extended(self, chosen: Candidate) -> Iterator[Candidate]:
        unit = len(chosen)
        if unit == len(self._fitting):
            yield chosen
            return
        for part in self._fitting[unit]:
            self._steps += 1
            if self._steps > MAX_STEPS:
                return
            if part not in chosen and self._waiting(part, unit).issubset(chosen):
                yield from self._extended((*chosen, part))

    def _own(self) -> dict[int, int]:
        """The part of each unit that is called what the part is."""
        roles = local([part.role for part in self.use.parts])
        ours = [part.signature for part in self.use.parts]
        theirs = [unit.signature for unit in self.share.units]
        return own_names(
            list(zip(roles, ours, strict=True)),
            list(zip(self.names, theirs, strict=True)),
        )

    def _fits(self, candidate: Sequence[int]) -> bool:
        return all(
            part in self._fitting[unit]
            and self._waiting(part, unit).issubset(candidate[:unit])
            for unit, part in enumerate(candidate)
        )

    def _waiting(self, part: int, unit: int) -> set[int]:
        """The parts that have to come before this one if it is this unit."""
        chain = self.share.chains[unit]
        earlier = {n for n in self._earlier[part] if self._homes[n] == {chain}}
        return earlier | self.use.twins[part]

    @cached_property
    def _earlier(self) -> list[list[int]]:
        """What each part depends on, of its kind; nothing where order says nothing."""
        parts, found = self.use.parts, [list[int]() for _ in self.use.parts]
        for earlier, later in self.use.upstream if self.executed else ():
            if parts[earlier].is_linear == parts[later].is_linear:
                found[later].append(earlier)
        return found

    @cached_property
    def _homes(self) -> list[set[Hashable]]:
        """The chains that have units for each part."""
        return [
            {
                chain
                for fitting, chain in zip(self._fitting, self.share.chains, strict=True)
                if part in fitting
            }
            for part in range(len(self.use.parts))
        ]


def decide(cases: Sequence[Case]) -> None:
    """Leave each case as few candidates as the evidence allows."""
    kinds: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in cases:
        kinds[case.use.kind].append(case)
    for alike in kinds.values():
        _learn(alike)
        _keep_best(alike)
        _learn(alike)


def _learn(cases: Sequence[Case]) -> None:
    """Drop what contradicts the facts, until nothing changes."""
    settled = False
    while not settled:
        left = [len(case.candidates) for case in cases]
        facts = _unanimous([case.facts() for case in cases])
        for case in cases:
            kept = [c for c in case.candidates if _agrees(case.said(c), facts)]
            case.candidates = kept or case.candidates
        settled = left == [len(case.candidates) for case in cases]


def _unanimous(found: Sequence[Facts]) -> Facts:
    """The facts that no other contradicts."""
    values: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for facts in found:
        for key, value in facts.items():
            values[key].add(value)
    return {key: said.pop() for key, said in values.items() if len(said) == 1}


def _agrees(said: Facts, facts: Facts) -> bool:
    return all(facts.get(key, value) == value for key, value in said.items())


def check_names(case: Case, found: Candidate) -> Candidate | None:
    """A candidate that names speak for more than for the one that was found, if any."""
    free = Case(case.use, case.share, False, found)
    best = max([found, *free.candidates], key=lambda c: _said_by_names(free, c))
    return best if best != found else None


def _keep_best(cases: Sequence[Case]) -> None:
    """Keep the candidates that names say most for."""
    for case in cases:
        scores = [_said_by_names(case, candidate) for candidate in case.candidates]
        pairs = zip(case.candidates, scores, strict=True)
        case.candidates = [candidate for candidate, s in pairs if s == max(scores)]


def _said_by_names(case: Case, candidate: Candidate) -> tuple[int, int]:
    return _in_series(case, candidate), _called_alike(case, candidate)


def _in_series(case: Case, candidate: Candidate) -> int:
    """How many pairs of names that differ in the last number are in series."""
    numbered: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for name, part in zip(case.names, candidate, strict=True):
        if found := re.fullmatch(r"(.*?)(\d{1,18})(\D*)", name):
            numbered[found[1], found[3]].append((int(found[2]), part))
    return sum(
        (one[1], other[1]) in case.use.upstream
        for alike in numbered.values()
        for one, other in combinations(sorted(alike), 2)
    )


def _called_alike(case: Case, candidate: Candidate) -> int:
    """How many words the names of parts of one inner block have in common."""
    inner: dict[str, list[list[str]]] = defaultdict(list)
    for name, part in zip(case.names, candidate, strict=True):
        block, _, _ = case.use.parts[part].role.rpartition(".")
        inner[block].append(re.split("[._/]", name))
    return sum(
        common([one, other])
        for block, names in inner.items()
        if block
        for one, other in combinations(names, 2)
    )
