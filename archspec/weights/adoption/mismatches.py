"""What is told where a checkpoint has other weights than the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from archspec.errors import Diagnostic, WeightsError
from archspec.ops import Shape
from archspec.weights.adoption.readings import Stored
from archspec.weights.adoption.uses import Signature, Use
from archspec.weights.checks import MAX_TOLD, listed

MAX_NAMES = 8
"""Names that are listed; the rest is counted."""

MAX_SHAPES = 8
"""Where more differ, it is told how often there are those that differ most."""


class SignatureGroup(NamedTuple):
    """Layers, or units, of one signature; `shapes` are those of the first."""

    names: list[str]
    shapes: Mapping[str, Shape]


class UnmatchedUnits(NamedTuple):
    """The names of one signature, of which `number` have no partner.

    `partners` is how many have one; what is called like its partner is not named.
    """

    names: list[str]
    shapes: Mapping[str, Shape]
    number: int
    partners: int

    @property
    def is_alone(self) -> bool:
        """Whether there is one of it here, and none there."""
        return (self.number, self.partners) == (1, 0)

    @property
    def shown(self) -> str:
        """The names: 'fc', or 2 of 'conv1', 'conv2', 'conv3'."""
        several = "" if self.number == len(self.names) else f"{self.number} of "
        return several + listed_names(self.names)

    @property
    def kernel(self) -> Shape:
        """The shape of the weight with the most axes."""
        return max(self.shapes.values(), key=len)


def check_same(uses: Sequence[Use], units: Sequence[Stored]) -> None:
    """Raise WeightsError (AS512, AS513) unless all signatures are there as often."""
    ours: dict[Signature, SignatureGroup] = {}
    theirs: dict[Signature, SignatureGroup] = {}
    parts = [part for use in uses for part in use.parts]
    for part in parts:
        found = ours.setdefault(part.signature, SignatureGroup([], part.shapes))
        found.names.append(part.layer.path)
    for unit in units:
        found = theirs.setdefault(unit.signature, SignatureGroup([], unit.unit.shapes))
        found.names.append(unit.name)
    missing, left = list(_surplus(ours, theirs)), _likely(list(_surplus(theirs, ours)))
    if not missing and not left:
        return
    fitting = len(parts) - sum(surplus.number for surplus in missing)
    help = f"{fitting} of the network's {len(parts)} layers are there; another variant?"
    if not missing:
        help = (
            "the whole network is there; --ignore PATTERN passes over what is not its"
        )
    several = missing and left and len(missing) + len(left) > MAX_SHAPES
    *told, last = list((_counted if several else _told)(missing, left))
    if (more := len(told) - MAX_TOLD) > 0:
        told, last = told[:MAX_TOLD], Diagnostic("AS512", f"and {more + 1} more")
    raise WeightsError([*told, last._replace(help=help)])


def listed_names(names: Sequence[str]) -> str:
    """Names for readers: the first few, and how many more."""
    shown = ", ".join(f"'{name}'" for name in names[:MAX_NAMES])
    more = len(names) - MAX_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _surplus(
    one: Mapping[Signature, SignatureGroup], other: Mapping[Signature, SignatureGroup]
) -> Iterator[UnmatchedUnits]:
    for signature, alike in one.items():
        partners = other[signature].names if signature in other else []
        number = len(alike.names) - len(partners)
        if number > 0:
            strangers = [name for name in alike.names if name not in partners]
            yield UnmatchedUnits(strangers, alike.shapes, number, len(partners))


def _likely(left: Sequence[UnmatchedUnits]) -> list[UnmatchedUnits]:
    """Where any of several names may be left over: those whose module surely is."""
    sure = {
        name.partition(".")[0]
        for surplus in left
        if surplus.number == len(surplus.names)
        for name in surplus.names
        if "." in name
    }

    def narrowed(surplus: UnmatchedUnits) -> UnmatchedUnits:
        names = [name for name in surplus.names if name.partition(".")[0] in sure]
        return (
            surplus._replace(names=names) if len(names) == surplus.number else surplus
        )

    return list(map(narrowed, left))


def _told(
    missing: Sequence[UnmatchedUnits], left: Sequence[UnmatchedUnits]
) -> Iterator[Diagnostic]:
    """Each layer with the unit that is most like it, and what is like nothing."""
    rest = list(left)
    for ours in missing:
        theirs = max(rest, key=lambda found: _likeness(ours, found), default=None)
        if theirs is None or _likeness(ours, theirs) == (0, 0):
            message = f"the file has nothing for {ours.shown} {listed(ours.kernel)}"
            yield Diagnostic("AS512", message)
            continue
        rest.remove(theirs)
        yield _unequal(ours, theirs)
    for theirs in rest:
        message = f"the network has no place for {theirs.shown} {listed(theirs.kernel)}"
        yield Diagnostic("AS512", message)


def _counted(
    missing: Sequence[UnmatchedUnits], left: Sequence[UnmatchedUnits]
) -> Iterator[Diagnostic]:
    """Pairs of one name, and how often other shapes are there."""
    named = {theirs.names[0]: theirs for theirs in left if theirs.is_alone}
    pairs = [
        (s, named[s.names[0]]) for s in missing if s.is_alone and s.names[0] in named
    ]
    for pair in pairs:
        yield _unequal(*pair)
    told = [surplus for pair in pairs for surplus in pair]
    sides = [(s, "network", "file") for s in missing if s not in told]
    sides += [(s, "file", "network") for s in left if s not in told]
    sides.sort(key=lambda side: -side[0].number)
    for surplus, one, other in sides[:MAX_SHAPES]:
        total, partners = surplus.number + surplus.partners, surplus.partners or "none"
        message = (
            f"the {one} has {total} of {listed(surplus.kernel)}, "
            f"such as '{surplus.names[-1]}', the {other} {partners}"
        )
        yield Diagnostic("AS512", message)
    if (more := len(sides) - MAX_SHAPES) > 0:
        yield Diagnostic("AS512", f"and {more} more shapes are not there as often")


def _unequal(ours: UnmatchedUnits, theirs: UnmatchedUnits) -> Diagnostic:
    if ours.shapes.keys() == theirs.shapes.keys():
        return Diagnostic(
            "AS513",
            f"{theirs.shown} is {listed(theirs.kernel)}, "
            f"but {ours.shown} is {listed(ours.kernel)}",
        )
    return Diagnostic(
        "AS512",
        f"{theirs.shown} has {', '.join(theirs.shapes)}, "
        f"but {ours.shown} has {', '.join(ours.shapes)}",
    )


def _likeness(one: UnmatchedUnits, other: UnmatchedUnits) -> tuple[int, int]:
    """How many weights are equal, and how many sizes of those of one name."""
    shared = one.shapes.keys() & other.shapes.keys()
    pairs = [(one.shapes[name], other.shapes[name]) for name in shared]
    sizes = [
        sum(a == b for a, b in zip(first, second, strict=True)) + 1
        for first, second in pairs
        if len(first) == len(second)
    ]
    return sum(first == second for first, second in pairs), sum(sizes)
