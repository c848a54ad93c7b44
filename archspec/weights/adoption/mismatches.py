"""Errors: a checkpoint with other weights than the network, or an ambiguous one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from archspec.errors import Diagnostic, WeightsError
from archspec.ops import Shape
from archspec.weights.adoption.uses import Signature, Slot
from archspec.weights.checks import listed

MAX_NAMES = 8
"""Names that are listed; the rest is counted."""

MAX_SHAPES = 8
"""Where more shapes differ in number, those that differ most are counted."""

UNCLEAR = (
    "in the spec, name every layer of these shapes as the file does, or list the "
    "tensors of a .pth in the order of execution; "
    "for files of a generated module, use weights convert --from"
)


class AmbiguousMatch(WeightsError):
    """One reading of a file leaves several matches; another may not."""


class Unmatched(NamedTuple):
    """Layers or units of one signature, of which `number` have no partner.

    `partners` is how many have one; a layer with the name of a partner is not listed.
    """

    names: list[str]
    shapes: Mapping[str, Shape]
    number: int
    partners: int

    @property
    def is_single(self) -> bool:
        """Whether there is one on this side and none on the other."""
        return (self.number, self.partners) == (1, 0)

    @property
    def shown(self) -> str:
        """The names: 'fc', or 2 of 'conv1', 'conv2', 'conv3'."""
        several = "" if self.number == len(self.names) else f"{self.number} of "
        return several + listed_names(self.names)

    @property
    def kernel(self) -> str:
        """The shape of the weight with the most axes."""
        return listed(max(self.shapes.values(), key=len))


def check_same(ours: Sequence[Slot], theirs: Sequence[Slot]) -> None:
    """Raise WeightsError (AS512, AS513) unless both sides have the same signatures."""
    here, there = _by_signature(ours), _by_signature(theirs)
    missing = list(_unmatched(here, there))
    left = _narrowed(list(_unmatched(there, here)))
    if not missing and not left:
        return
    fitting = len(ours) - sum(each.number for each in missing)
    help = (
        f"the file has {fitting} of the network's {len(ours)} layers; another variant?"
    )
    if not missing:
        help = (
            "the file has every layer of the network; "
            "--ignore PATTERN leaves out the rest"
        )
    several = missing and left and len(missing) + len(left) > MAX_SHAPES
    found = (_counted if several else _listed)(missing, left)
    raise WeightsError.most(found, help)


def unclear(parts: Iterable[Slot], units: Iterable[Slot]) -> AmbiguousMatch:
    """The error about parts that may be any of several units."""
    groups = _by_signature(units)
    fitting = {part.name: [u.name for u in groups[part.signature]] for part in parts}
    if any(len(names) > 1 for names in fitting.values()):
        return _ambiguous(fitting)
    paths = listed_names(list(fitting))
    message = f"the order of the file does not determine the weights of {paths}"
    return AmbiguousMatch.single("AS517", message, help=UNCLEAR)


def check_clear(found: Sequence[Mapping[str, Slot]]) -> None:
    """Raise AmbiguousMatch (AS517) unless all pairings are the same."""
    fitting = {
        path: list(dict.fromkeys(pairs[path].name for pairs in found))
        for path in found[0]
    }
    if any(len(names) > 1 for names in fitting.values()):
        raise _ambiguous(fitting)


def check_agree(by_order: Mapping[str, Slot], by_name: Mapping[str, Slot]) -> None:
    """Raise WeightsError (AS517) where names contradict the order."""
    found = [
        Diagnostic(
            "AS517",
            f"'{path}' is '{unit.name}' by the order of the file, "
            f"but '{by_name[path].name}' by name",
        )
        for path, unit in by_order.items()
        if unit is not by_name[path]
    ]
    if found:
        raise WeightsError(found)


def listed_names(names: Sequence[str]) -> str:
    """The first few names and the number of the others."""
    shown = ", ".join(f"'{name}'" for name in names[:MAX_NAMES])
    more = len(names) - MAX_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _ambiguous(fitting: Mapping[str, Sequence[str]]) -> AmbiguousMatch:
    found = [
        Diagnostic("AS517", f"'{path}' may be any of {listed_names(names)}")
        for path, names in fitting.items()
        if len(names) > 1
    ]
    return AmbiguousMatch([*found[:-1], found[-1]._replace(help=UNCLEAR)])


def _by_signature(slots: Iterable[Slot]) -> dict[Signature, list[Slot]]:
    found: dict[Signature, list[Slot]] = defaultdict(list)
    for slot in slots:
        found[slot.signature].append(slot)
    return found


def _unmatched(
    one: Mapping[Signature, Sequence[Slot]], other: Mapping[Signature, Sequence[Slot]]
) -> Iterator[Unmatched]:
    for signature, slots in one.items():
        partners = [slot.name for slot in other.get(signature, ())]
        names = [slot.name for slot in slots if slot.name not in partners]
        if (number := len(slots) - len(partners)) > 0:
            yield Unmatched(names, slots[0].shapes, number, len(partners))


def _narrowed(left: Sequence[Unmatched]) -> list[Unmatched]:
    """Name only units of modules that are certainly unmatched, where these suffice."""
    modules = {
        name.partition(".")[0]
        for each in left
        if each.number == len(each.names)
        for name in each.names
        if "." in name
    }
    found: list[Unmatched] = []
    for each in left:
        names = [name for name in each.names if name.partition(".")[0] in modules]
        found.append(each._replace(names=names) if len(names) == each.number else each)
    return found


def _listed(
    missing: Sequence[Unmatched], left: Sequence[Unmatched]
) -> Iterator[Diagnostic]:
    """Each layer with the unit that is most like it, then the rest of the units."""
    rest = list(left)
    for ours in missing:
        theirs = max(rest, key=lambda unit: _likeness(ours, unit), default=None)
        if theirs is None or _likeness(ours, theirs) == (0, 0):
            message = f"missing in the file: {ours.shown} {ours.kernel}"
            yield Diagnostic("AS512", message)
            continue
        rest.remove(theirs)
        yield _unequal(ours, theirs)
    for theirs in rest:
        message = f"unexpected in the file: {theirs.shown} {theirs.kernel}"
        yield Diagnostic("AS512", message)


def _counted(
    missing: Sequence[Unmatched], left: Sequence[Unmatched]
) -> Iterator[Diagnostic]:
    """Single layers of one name that differ, then the numbers of other shapes."""
    named = {theirs.names[0]: theirs for theirs in left if theirs.is_single}
    sides = [(ours, "network", "file") for ours in missing]
    sides += [(theirs, "file", "network") for theirs in left]
    for ours in missing:
        if ours.is_single and (theirs := named.get(ours.names[0])):
            sides.remove((ours, "network", "file"))
            sides.remove((theirs, "file", "network"))
            yield _unequal(ours, theirs)
    sides.sort(key=lambda side: -side[0].number)
    for each, one, other in sides[:MAX_SHAPES]:
        message = (
            f"the {one} has {each.number + each.partners} of {each.kernel}, "
            f"such as '{each.names[-1]}', the {other} {each.partners or 'none'}"
        )
        yield Diagnostic("AS512", message)
    if (more := len(sides) - MAX_SHAPES) > 0:
        yield Diagnostic("AS512", f"and {more} more shapes differ in number")


def _unequal(ours: Unmatched, theirs: Unmatched) -> Diagnostic:
    if ours.shapes.keys() == theirs.shapes.keys():
        message = (
            f"{theirs.shown} is {theirs.kernel}, but {ours.shown} is {ours.kernel}"
        )
        return Diagnostic("AS513", message)
    weights = [", ".join(each.shapes) for each in (theirs, ours)]
    message = f"{theirs.shown} has {weights[0]}, but {ours.shown} has {weights[1]}"
    return Diagnostic("AS512", message)


def _likeness(one: Unmatched, other: Unmatched) -> tuple[int, int]:
    """The number of equal weights, and of equal sizes in weights of one name."""
    shared = one.shapes.keys() & other.shapes.keys()
    pairs = [(one.shapes[name], other.shapes[name]) for name in shared]
    sizes = [
        sum(a == b for a, b in zip(first, second, strict=True)) + 1
        for first, second in pairs
        if len(first) == len(second)
    ]
    return sum(first == second for first, second in pairs), sum(sizes)
