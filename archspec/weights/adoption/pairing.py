"""Which unit of a use is which part of the block.

The candidates of a use are all ways to pair units with parts of one signature; where a
file lists layers as they are executed, only those in which no part comes before one
that it depends on. Where units are called what the parts are, that is the only one.
What all candidates of a use agree on is a fact about every use of that block with the
same parts: which part stands first in the file, and what a part is called. A candidate
that contradicts a fact is dropped, and so on until nothing changes. Where several are
left, those stay that are best by the first of these that tells:

- modules whose names differ in their last number (`bn1` and `bn2`, `conv1.bn` and
  `conv2.bn`) are in series;
- names of what is in one inner block of ours begin alike;
- norms are in the order of their convolutions;
- if the file has all layers in the order in which they are written, it means that.

Where there are too many ways, only this last order is looked at, and what differs from
it by one exchange: it is left if none of those is better.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any

from archspec.weights.adoption.names import common, local, own_names
from archspec.weights.adoption.readings import Share, Signed
from archspec.weights.adoption.uses import Use

MAX_STEPS = 50_000
"""Of the search for the candidates of one use; a longer one is given up."""

Candidate = tuple[int, ...]
"""The part that each unit is."""
Facts = Mapping[tuple[str, ...], str]


class Case:
    """A use with its units, and the candidates that are left."""

    def __init__(self, use: Use, share: Share, executed: bool, signed: Signed):
        self.use, self.share, self.executed = use, share, executed
        self.names = local([unit.name for unit in share.units])
        self._fitting = [
            [n for n, part in enumerate(use.parts) if part.signature == signed(unit)]
            for unit in share.units
        ]
        self._steps = 0
        own = self._own(signed)
        self.candidates = [own] if own else list(self._extended(()))
        if self.given_up:
            written = self.written
            self.candidates = list(self.near(written)) if written else []

    @property
    def given_up(self) -> bool:
        """Whether there are more candidates than were looked at."""
        return self._steps > MAX_STEPS

    @property
    def decided(self) -> bool:
        """Whether one candidate is left, of all that there were.

        Where the search was given up, that is the order in which the block is written,
        if nothing speaks for an exchange in it.
        """
        known = [self.written] if self.given_up else self.candidates
        return len(self.candidates) == 1 and self.candidates == known

    @cached_property
    def written(self) -> Candidate | None:
        """The units as the block is written, if it may be that; one chain tells."""
        written = tuple(range(len(self.use.parts)))
        one = self.executed and len(set(self.share.chains)) == 1
        return written if one and self._fits(written) else None

    def near(self, candidate: Candidate) -> Iterator[Candidate]:
        """A candidate, and what it is with two parts exchanged."""
        yield candidate
        for i, j in combinations(range(len(candidate)), 2):
            other = list(candidate)
            other[i], other[j] = other[j], other[i]
            if self._fits(other):
                yield tuple(other)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Pairs of units of which the file tells the order."""
        chains = self.share.chains
        for i, j in combinations(range(len(chains)), 2):
            if chains[i] == chains[j]:
                yield i, j

    def facts(self) -> Facts:
        """What all candidates agree on; nothing where they are not all known."""
        if self.given_up:
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
            for i, j in self.pairs()
        }
        return order | {
            ("called", name): role for name, role in zip(self.names, roles, strict=True)
        }

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

    def _own(self, signed: Signed) -> Candidate | None:
        """The candidate that names alone tell: they are those of the parts."""
        roles = local([part.role for part in self.use.parts])
        ours = [part.signature for part in self.use.parts]
        theirs = [signed(unit) for unit in self.share.units]
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
    def _homes(self) -> list[set[int]]:
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
    scores = [_said_by_names, _norms_in_order]
    if all(case.written in case.candidates for case in cases):
        scores.append(_as_written)
    for alike in kinds.values():
        _learn(alike)
        for score in scores:
            _keep_best(alike, score)
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


def check_names(case: Case, signed: Signed) -> Candidate | None:
    """A candidate that names speak for more than for the one that is left, if any."""
    free = Case(case.use, case.share, False, signed)
    (left,) = case.candidates
    others = free.near(left) if free.given_up else free.candidates
    best = max([left, *others], key=lambda c: _said_by_names(free, c))
    return best if best != left else None


def _keep_best(cases: Sequence[Case], score: Callable[[Case, Candidate], Any]) -> None:
    for case in cases:
        scores = [score(case, candidate) for candidate in case.candidates]
        best = max(scores, default=None)
        pairs = zip(case.candidates, scores, strict=True)
        case.candidates = [candidate for candidate, s in pairs if s == best]


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


def _norms_in_order(case: Case, candidate: Candidate) -> int:
    """How many pairs of norms are in the order of their convolutions."""
    if not case.executed:
        return 0
    units = {part: unit for unit, part in enumerate(candidate)}
    chains, norms = case.share.chains, case.use.norms
    return sum(
        (units[one] < units[other]) == (units[norms[one]] < units[norms[other]])
        for one, other in combinations(norms, 2)
        if chains[units[one]] == chains[units[other]]
        and chains[units[norms[one]]] == chains[units[norms[other]]]
    )


def _as_written(case: Case, candidate: Candidate) -> int:
    return candidate == tuple(range(len(candidate)))
