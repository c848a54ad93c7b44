"""Their side: in which order a file lists its units, and how that is cut into uses.

A reading is some chains, each in the order of the network's blocks; within a block the
order may be another. The file's own order is one reading. Names are another: those
which are the same up to their first number are a chain (`layer1` to `layer4`), and a
module that has just what one of our blocks has is not torn apart.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from archspec.weights.adoption.uses import Signature, Use
from archspec.weights.checkpoints import Checkpoint, Unit

Signed = Callable[[Unit], Signature]
Item = tuple[Unit, ...]


class Reading(NamedTuple):
    """Chains of items; `executed` if each lists layers as they may be executed."""

    chains: tuple[tuple[Item, ...], ...]
    executed: bool


class Share(NamedTuple):
    """The units that a use gets, with the number of the chain each is from."""

    units: tuple[Unit, ...]
    chains: tuple[int, ...]


class OutOfOrder(Exception):
    """A reading does not tell which units belong to a use."""

    def __init__(self, use: Use):
        super().__init__()
        self.use = use


def readings(
    checkpoint: Checkpoint, uses: Sequence[Use], signed: Signed
) -> list[Reading]:
    """All the readings that a file has."""
    found: list[Reading] = []
    if checkpoint.ordered:
        chains: dict[str, list[Item]] = defaultdict(list)
        for unit in checkpoint.units:
            chains[unit.chain].append((unit,))
        found.append(Reading(tuple(map(tuple, chains.values())), True))
    if checkpoint.target == "torch":
        found.append(_by_names(checkpoint.units, uses, signed))
    return found


def cut(reading: Reading, uses: Sequence[Use], signed: Signed) -> list[Share]:
    """What each use gets, if every chain is in the order of the uses.

    What there is but once belongs where it fits, wherever it stands.

    Raises:
        OutOfOrder: a use would get less than it needs, or could get more.
    """
    counts = sum((use.need for use in uses), Counter[Signature]())
    places = {
        id(unit): (number, place)
        for number, chain in enumerate(reading.chains)
        for place, unit in enumerate(unit for item in chain for unit in item)
    }

    def single(item: Item) -> bool:
        return all(counts[signed(unit)] == 1 for unit in item)

    chains = [deque(i for i in c if not single(i)) for c in reading.chains]
    singles = {
        signed(unit): unit
        for chain in reading.chains
        for item in filter(single, chain)
        for unit in item
    }
    shares: list[Share] = []
    for use in uses:
        units = [singles[wanted] for wanted in use.need if wanted in singles]
        rest = use.need - Counter(map(signed, units))
        for chain in _whole(chains, use, signed) or chains:
            units += _taken(chain, rest, signed)
        if Counter(map(signed, units)) != use.need:
            raise OutOfOrder(use)
        units.sort(key=lambda unit: places[id(unit)])
        shares.append(Share(tuple(units), tuple(places[id(u)][0] for u in units)))
    return shares


def _whole(
    chains: Iterable[deque[Item]], use: Use, signed: Signed
) -> list[deque[Item]]:
    """The chains that start with a module which has just what a use needs."""
    return [
        chain
        for chain in chains
        if chain and len(chain[0]) > 1 and Counter(map(signed, chain[0])) == use.need
    ]


def _taken(
    chain: deque[Item], need: Counter[Signature], signed: Signed
) -> Iterator[Unit]:
    """Take from the start of a chain what a use needs."""
    rest = need.copy()
    while chain:
        wanted = Counter(map(signed, chain[0]))
        if not wanted <= rest:
            return
        rest -= wanted
        yield from chain.popleft()


def _by_names(units: Sequence[Unit], uses: Iterable[Use], signed: Signed) -> Reading:
    """The reading by the modules and numbers in names."""
    whole = {frozenset(use.need.items()) for use in uses if len(use.parts) > 1}
    modules: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        for prefix in prefixes(unit.name):
            modules[prefix].append(unit)
    kept = {
        name
        for name, found in modules.items()
        if frozenset(Counter(map(signed, found)).items()) in whole
    }
    items: dict[str, list[Unit]] = defaultdict(list)
    for unit in sorted(units, key=lambda unit: natural(unit.name)):
        name = next((p for p in prefixes(unit.name) if p in kept), unit.name)
        items[name].append(unit)
    chains: dict[str, list[Item]] = defaultdict(list)
    for name in sorted(items, key=natural):
        chains[_chain(name)].append(tuple(items[name]))
    return Reading(tuple(map(tuple, chains.values())), False)


def prefixes(name: str) -> list[str]:
    """The modules that a module is in, from the outermost."""
    words = name.split(".")
    return [".".join(words[:n]) for n in range(1, len(words))]


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts `conv2` before `conv10`."""
    parts: list[str] = re.findall(r"\d{1,18}|\D+", name)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]


def _chain(name: str) -> str:
    """The name up to its first number; the whole one where it has none."""
    found = re.match(r"(.*?)\d+(?=[._]|$)", name)
    return found[1] if found else name
