"""A network with other arguments: what these change must not pass for a constant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from archspec.elaboration import with_classes, with_multipliers
from archspec.errors import SpecError
from archspec.language.family import Family
from archspec.network import Network


class Relative(NamedTuple):
    """An elaboration; `variant` is its name in the family, "" of a mere trial.

    A relative that is `optional` may turn out to need a file of its own.
    """

    network: Network
    variant: str = ""
    optional: bool = False


def relatives(network: Network) -> list[Relative]:
    """The network itself, then others that its source has to fit.

    Those are: the same with other numbers of classes; the variants of its family;
    and trials of each kept multiplier, far beyond what variants have.
    """
    found = [Relative(network), *map(Relative, _with_other_classes(network))]
    family = network.spec.family
    if family is None:
        return found
    for name, changed in family.variants.items():
        found.append(Relative(with_multipliers(network, changed), name, True))
    for trial in _trials(family):
        with suppress(SpecError):
            found.append(Relative(with_multipliers(network, trial), "", True))
    return found


def _with_other_classes(network: Network) -> Iterator[Network]:
    """With twice as many classes, and very few."""
    classes = network.document.classes
    if classes is None:
        return
    few = 2 if classes > 2 else 3
    for other in (2 * classes, few):
        with suppress(SpecError):
            yield with_classes(network, other)


def _trials(family: Family) -> Iterator[Mapping[str, float]]:
    """One multiplier at a time: a quarter of the least, four times the most."""
    for name, base in family.kept.items():
        if isinstance(base, bool):
            yield {name: not base}
            continue
        taken = [base, *(v[name] for v in family.variants.values() if name in v)]
        whole = all(isinstance(value, int) for value in taken)
        yield {name: max(1, min(taken) // 4) if whole else min(taken) / 4}
        yield {name: max(taken) * 4}
