"""The order in which a file lists its units, and the units of each use.

A reading consists of chains, each in the order of the network's blocks; within a block
the order may differ. The file's own order is one reading. Names give another: those
that are equal up to their first number are a chain (`layer1` to `layer4`). A module
with the same weights as one of our blocks is kept together.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from archspec.weights.adoption.mismatches import unclear
from archspec.weights.adoption.names import natural, prefixes, up_to_number
from archspec.weights.adoption.uses import Signature, Slot, Use
from archspec.weights.checkpoints import Checkpoint, Unit


@dataclass(eq=False)
class Stored(Slot):
    """A unit of the file."""

    unit: Unit


Item = tuple[Stored, ...]
"""Units that stay together."""
Chains = tuple[tuple[Item, ...], ...]


class Reading(NamedTuple):
    """Chains of items; `executed` if each lists layers as they may be executed."""

    chains: Chains
    executed: bool


Candidate = tuple[int, ...]
"""The part that each unit of a use is."""


class Share(NamedTuple):
    """The units of a use with their chains; `known` are their parts, if it is known."""

    units: tuple[Stored, ...]
    chains: tuple[Hashable, ...]
    known: Candidate = ()


class _AlikeError(Exception):
    """Some of several equal items are needed, and nothing tells which."""


def readings(
    checkpoint: Checkpoint, units: Sequence[Stored], uses: Sequence[Use]
) -> list[Reading]:
    """Every reading of a file: by its order if it has one, by names of modules."""
    found: list[Reading] = []
    if checkpoint.ordered:
        chains = _chains(
            units,
            uses,
            lambda unit: list(filter(None, [unit.unit.module])),
            lambda unit, module: module or unit.unit.chain,
        )
        found.append(Reading(chains, executed=True))
    if checkpoint.is_nested:
        chains = _chains(
            sorted(units, key=lambda unit: natural(unit.name)),
            uses,
            lambda unit: prefixes(unit.name),
            lambda unit, module: up_to_number(module or unit.name),
        )
        found.append(Reading(chains, executed=False))
    return found


def cut(reading: Reading, uses: Sequence[Use]) -> list[Share]:
    """The units of each use, if every chain is in the order of the uses.

    A unit whose signature occurs once goes to the use that needs it, wherever it is in
    the file, and the rest of its module with it.

    Raises:
        AmbiguousMatch: a use would get too few units, or might get others (AS517).
    """
    counts = sum((use.need for use in uses), Counter[Signature]())
    chain_of = {
        unit: number
        for number, chain in enumerate(reading.chains)
        for item in chain
        for unit in item
    }
    places = {unit: place for place, unit in enumerate(chain_of)}
    singles = {
        unit.signature: item
        for chain in reading.chains
        for item in chain
        for unit in item
        if counts[unit.signature] == 1
    }
    anywhere = set(singles.values())
    chains = [deque(i for i in c if i not in anywhere) for c in reading.chains]
    shares: list[Share] = []
    for use in uses:
        items = dict.fromkeys(singles[key] for key in use.need if key in singles)
        units = [unit for item in items for unit in item]
        rest = use.need - _signatures(units)
        try:
            units += _taken_from(chains, rest, reading.executed)
        except _AlikeError:
            raise unclear(use.parts, [*places]) from None
        if _signatures(units) != use.need:
            raise unclear(use.parts, [*places])
        units.sort(key=places.__getitem__)
        shares.append(Share(tuple(units), tuple(chain_of[unit] for unit in units)))
    return shares


def _taken_from(
    chains: Sequence[deque[Item]], need: Counter[Signature], executed: bool
) -> list[Stored]:
    """What a use takes from whole modules of its weights, else from every chain."""
    giving = _whole(chains, need) or chains
    return [unit for chain in giving for unit in _taken(chain, need, executed)]


def _whole(
    chains: Iterable[deque[Item]], need: Counter[Signature]
) -> list[deque[Item]]:
    """The chains that start with a module of exactly the weights that are needed."""
    return [
        chain
        for chain in chains
        if chain and len(chain[0]) > 1 and _signatures(chain[0]) == need
    ]


def _taken(
    chain: deque[Item], need: Counter[Signature], executed: bool
) -> Iterator[Stored]:
    """Take the units that a use needs from the start of a chain.

    Words have no order: of the items in one module with the first, any is taken that
    has no equal among them. The first itself is taken if all its equals are needed.

    Raises:
        _AlikeError: another chain must not give what may be any of several here.
    """
    rest = need.copy()
    while chain:
        start = [chain[0]] if executed else _beside(chain)
        counts = [_signatures(item) for item in start]
        fitting = [n for n, count in enumerate(counts) if count <= rest]
        number = next((n for n in fitting if counts[n] == rest), (fitting or [-1])[0])
        if number < 0:
            return
        alike = [item for n, item in enumerate(start) if counts[n] == counts[number]]
        all_fit = all(len(alike) * n <= rest[key] for key, n in counts[number].items())
        if len(alike) > 1 and (number > 0 or not (all_fit or _numbered(alike))):
            raise _AlikeError
        rest -= counts[number]
        yield from chain[number]
        del chain[number]


def _beside(chain: Iterable[Item]) -> list[Item]:
    """The items at the start that are in the innermost numbered module of the first."""
    items = iter(chain)
    first = next(items)
    modules = [
        f"{module}."
        for module in prefixes(first[0].name)
        if module.rpartition(".")[2].isdecimal()
        and all(unit.name.startswith(f"{module}.") for unit in first)
    ]
    if not modules:
        return [first]
    return [first, *takewhile(lambda item: item[0].name.startswith(modules[-1]), items)]


def _numbered(items: Sequence[Item]) -> bool:
    """Whether their names differ by numbers only."""
    return len({re.sub(r"\d+", "", item[0].name) for item in items}) == 1


def _chains(
    units: Iterable[Stored],
    uses: Iterable[Use],
    modules_of: Callable[[Stored], Sequence[str]],
    chain_of: Callable[[Stored, str], str],
) -> Chains:
    """Units in chains; a module that has the weights of one of our blocks is one item.

    `modules_of` lists the modules that contain a unit, from the outermost. `chain_of`
    names the chain of a unit, or of the module that it is kept in.
    """
    modules: dict[str, list[Stored]] = defaultdict(list)
    for unit in units:
        for module in modules_of(unit):
            modules[module].append(unit)
    blocks = [need for use in uses for need in (use.need, *use.inner)]
    whole = {frozenset(need.items()) for need in blocks if need.total() > 1}
    kept = {
        name: tuple(found)
        for name, found in modules.items()
        if frozenset(_signatures(found).items()) in whole
    }
    chains: dict[str, dict[Item, None]] = defaultdict(dict)
    for unit in units:
        module = next((name for name in modules_of(unit) if name in kept), "")
        chains[chain_of(unit, module)][kept.get(module, (unit,))] = None
    return tuple(map(tuple, chains.values()))


def _signatures(units: Iterable[Stored]) -> Counter[Signature]:
    return Counter(unit.signature for unit in units)
