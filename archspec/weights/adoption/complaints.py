"""What is told where a checkpoint has other weights than the network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archspec.errors import Diagnostic, WeightsError
from archspec.weights.adoption.readings import Signed
from archspec.weights.adoption.uses import Signature, Use
from archspec.weights.checkpoints import Checkpoint
from archspec.weights.checks import MAX_TOLD, listed

MAX_NAMES = 8
"""Names that are listed; the rest is counted."""


class Surplus(NamedTuple):
    """Layers, or units, of one signature, of which `number` have no partner."""

    signature: Signature
    names: list[str]
    number: int

    @property
    def shown(self) -> str:
        """The names, and the shapes that all of them have."""
        several = "" if self.number == len(self.names) else f"{self.number} of "
        return f"{several}{listed_names(self.names)} {self.shapes}"

    @property
    def shapes(self) -> str:
        """Weights and shapes: weight (64, 3, 7, 7), bias (64)."""
        found = sorted(self.signature, key=lambda entry: -len(entry[1]))
        return ", ".join(f"{name} {listed(shape)}" for name, shape in found)


def check_same(uses: Sequence[Use], checkpoint: Checkpoint, signed: Signed) -> None:
    """Raise WeightsError (AS512, AS513) unless all signatures are there as often."""
    ours: dict[Signature, list[str]] = defaultdict(list)
    theirs: dict[Signature, list[str]] = defaultdict(list)
    for part in (part for use in uses for part in use.parts):
        ours[part.signature].append(part.layer.path)
    for unit in checkpoint.units:
        theirs[signed(unit)].append(unit.name)
    missing, left = list(_surplus(ours, theirs)), list(_surplus(theirs, ours))
    if found := list(_told(missing, left)):
        more = len(found) - MAX_TOLD
        rest = [Diagnostic("AS512", f"and {more} more")] if more > 0 else []
        raise WeightsError([*found[:MAX_TOLD], *rest])


def listed_names(names: Sequence[str]) -> str:
    """Names for readers: the first few, and how many more."""
    shown = ", ".join(f"'{name}'" for name in names[:MAX_NAMES])
    more = len(names) - MAX_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _surplus(
    one: dict[Signature, list[str]], other: dict[Signature, list[str]]
) -> Iterator[Surplus]:
    for signature, names in one.items():
        number = len(names) - len(other.get(signature, ()))
        if number > 0:
            yield Surplus(signature, names, number)


def _told(missing: list[Surplus], left: list[Surplus]) -> Iterator[Diagnostic]:
    """Each layer with the unit that is most like it, and what is like nothing."""
    left = list(left)
    for ours in missing:
        like = max(left, key=lambda theirs: _likeness(ours, theirs), default=None)
        if like is None or _likeness(ours, like) == (0, 0):
            yield Diagnostic("AS512", f"the file has nothing for {ours.shown}")
            continue
        left.remove(like)
        same = dict(ours.signature).keys() == dict(like.signature).keys()
        message = f"{like.shown} does not fit {ours.shown}"
        yield Diagnostic("AS513" if same else "AS512", message)
    for theirs in left:
        yield Diagnostic("AS512", f"the network has no place for {theirs.shown}")


def _likeness(one: Surplus, other: Surplus) -> tuple[int, int]:
    """How many weights are equal, and how many sizes of those of one name."""
    first, second = dict(one.signature), dict(other.signature)
    sizes = 0
    for name in first.keys() & second.keys():
        if len(first[name]) == len(second[name]):
            sizes += 1 + sum(
                a == b for a, b in zip(first[name], second[name], strict=True)
            )
    return len(one.signature & other.signature), sizes
