"""Their side: in which order a file lists its units, and how that is cut into uses.

A reading is some chains, each in the order of the network's blocks; within a block the
order may be another. The file's own order is one reading. Names are another: those
which are the same up to their first number are a chain (`layer1` to `layer4`), and a
module that has just what one of our blocks has is not torn apart.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
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


def cut(reading: Reading, uses: Iterable[Use], signed: Signed) -> list[Share]:
    """What each use gets, if every chain is in the order of the uses.

    Raises:
        OutOfOrder: a use would get less than it needs, or could get more.
    """
    starts = [0] * len(reading.chains)
    shares: list[Share] = []
    for use in uses:
        units: list[Unit] = []
        chains: list[int] = []
        for number, chain in enumerate(reading.chains):
            taken = _fitting(chain[starts[number] :], use.need, signed)
            starts[number] += len(taken)
            found = [unit for item in taken for unit in item]
            units += found
            chains += [number] * len(found)
        if Counter(map(signed, units)) != use.need:
            raise OutOfOrder(use)
        shares.append(Share(tuple(units), tuple(chains)))
    return shares


def _fitting(
    chain: Sequence[Item], need: Counter[Signature], signed: Signed
) -> list[Item]:
    """The items at the start of a chain that a use needs."""
    rest, taken = need.copy(), list[Item]()
    for item in chain:
        wanted = Counter(map(signed, item))
        if not wanted <= rest:
            break
        rest -= wanted
        taken.append(item)
    return taken


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
