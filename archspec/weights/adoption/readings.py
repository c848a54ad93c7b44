"""Their side: in which order a file lists its units, and how that is cut into uses.

A reading is some chains, each in the order of the network's blocks; within a block the
order may be another. The file's own order is one reading. Names are another: those
which are the same up to their first number are a chain (`layer1` to `layer4`), and a
module that has just what one of our blocks has is not torn apart.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from archspec.weights.adoption.uses import Signature, Use
from archspec.weights.checkpoints import Checkpoint, Unit


@dataclass(frozen=True, eq=False)
class Stored:
    """A unit of the file, with what tells it from others."""

    unit: Unit
    signature: Signature

    @property
    def name(self) -> str:
        return self.unit.name


Item = tuple[Stored, ...]


class Reading(NamedTuple):
    """Chains of items; `executed` if each lists layers as they may be executed."""

    chains: tuple[tuple[Item, ...], ...]
    executed: bool


class Share(NamedTuple):
    """The units that a use gets, with the chain that each is from."""

    units: tuple[Stored, ...]
    chains: tuple[Hashable, ...]


class OutOfOrder(Exception):
    """A reading does not tell which units belong to a use."""

    def __init__(self, use: Use):
        super().__init__()
        self.use = use


def readings(
    checkpoint: Checkpoint, units: Sequence[Stored], uses: Sequence[Use]
) -> list[Reading]:
    """All the readings that a file has."""
    found: list[Reading] = []
    if checkpoint.ordered:
        found.append(_by_order(units, uses))
    if checkpoint.target == "torch":
        found.append(_by_names(units, uses))
    return found


def cut(reading: Reading, uses: Sequence[Use]) -> list[Share]:
    """What each use gets, if every chain is in the order of the uses.

    What there is but once belongs where it fits, wherever it stands, and with it the
    rest of its module.

    Raises:
        OutOfOrder: a use would get less than it needs, or could get more.
    """
    counts = sum((use.need for use in uses), Counter[Signature]())
    places = {
        unit: (number, place)
        for number, chain in enumerate(reading.chains)
        for place, unit in enumerate(unit for item in chain for unit in item)
    }

    def single(item: Item) -> bool:
        return any(counts[unit.signature] == 1 for unit in item)

    chains = [deque(i for i in c if not single(i)) for c in reading.chains]
    singles = {
        unit.signature: item
        for chain in reading.chains
        for item in filter(single, chain)
        for unit in item
        if counts[unit.signature] == 1
    }
    shares: list[Share] = []
    for use in uses:
        items = {id(i): i for i in map(singles.get, use.need) if i is not None}
        units = [unit for item in items.values() for unit in item]
        rest = use.need - _signatures(units)
        for chain in _whole(chains, rest) or chains:
            units += _taken(chain, rest, reading.executed)
        if _signatures(units) != use.need:
            raise OutOfOrder(use)
        units.sort(key=lambda unit: places[unit])
        shares.append(Share(tuple(units), tuple(places[u][0] for u in units)))
    return shares


def _whole(
    chains: Iterable[deque[Item]], need: Counter[Signature]
) -> list[deque[Item]]:
    """The chains that start with a module which has just what is needed."""
    return [
        chain
        for chain in chains
        if chain and len(chain[0]) > 1 and _signatures(chain[0]) == need
    ]


def _taken(
    chain: deque[Item], need: Counter[Signature], executed: bool
) -> Iterator[Stored]:
    """Take from the start of a chain what a use needs.

    Names that are words tell no order: what shares a module with the start will do, if
    nothing else there is like it. The start itself does if all like it are needed.
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
            return
        rest -= counts[number]
        yield from chain[number]
        del chain[number]


def _beside(chain: Iterable[Item]) -> list[Item]:
    """The items at the start that are in one module of the last number."""
    items = iter(chain)
    first = next(items)
    numbered = [p for p in _shared(first) if p.rpartition(".")[2].isdecimal()]
    module = f"{numbered[-1]}." if numbered else None
    if module is None:
        return [first]
    return [first, *takewhile(lambda item: item[0].name.startswith(module), items)]


def _numbered(items: Sequence[Item]) -> bool:
    """Whether their names differ by numbers only."""
    return len({re.sub(r"\d+", "", item[0].name) for item in items}) == 1


def _shared(item: Item) -> list[str]:
    """The modules that all units of an item are in, from the outermost."""
    first, *others = [prefixes(unit.name) for unit in item]
    return [p for p in first if all(p in other for other in others)]


def _by_order(units: Sequence[Stored], uses: Iterable[Use]) -> Reading:
    """The reading by the order in the file, with what it keeps together."""
    modules: dict[str, list[Stored]] = defaultdict(list)
    for unit in units:
        modules[unit.unit.module].append(unit)
    kept = _kept(modules, uses)
    chains: dict[str, list[Item]] = defaultdict(list)
    for unit in units:
        if unit.unit.module in kept:
            chains[unit.unit.module] = [tuple(modules[unit.unit.module])]
        else:
            chains[unit.unit.chain].append((unit,))
    return Reading(tuple(map(tuple, chains.values())), True)


def _kept(modules: Mapping[str, Sequence[Stored]], uses: Iterable[Use]) -> set[str]:
    """The modules that have just what one of our blocks has."""
    whole = {
        frozenset(need.items())
        for use in uses
        for need in (use.need, *use.inner)
        if need.total() > 1
    }
    return {
        name
        for name, found in modules.items()
        if name and frozenset(_signatures(found).items()) in whole
    }


def _by_names(units: Sequence[Stored], uses: Iterable[Use]) -> Reading:
    """The reading by the modules and numbers in names."""
    modules: dict[str, list[Stored]] = defaultdict(list)
    for unit in units:
        for prefix in prefixes(unit.name):
            modules[prefix].append(unit)
    kept = _kept(modules, uses)
    items: dict[str, list[Stored]] = defaultdict(list)
    for unit in sorted(units, key=lambda unit: natural(unit.name)):
        name = next((p for p in prefixes(unit.name) if p in kept), unit.name)
        items[name].append(unit)
    chains: dict[str, list[Item]] = defaultdict(list)
    for name in sorted(items, key=natural):
        chains[_chain(name)].append(tuple(items[name]))
    return Reading(tuple(map(tuple, chains.values())), False)


def _signatures(units: Iterable[Stored]) -> Counter[Signature]:
    return Counter(unit.signature for unit in units)


def prefixes(name: str) -> list[str]:
    """The modules that a module is in, from the outermost."""
    words = name.split(".")
    return [".".join(words[:n]) for n in range(1, len(words))]


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts `conv2` before `conv10`."""
    parts: list[str] = re.findall(r"\d{1,18}|\D+", name)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]


def _chain(name: str) -> str:
    """The name up to its first number, such as 1 or 1a; the whole one without any."""
    found = re.match(r"(.*?)\d+[a-z]?(?=[._]|$)", name)
    return found[1] if found else name
