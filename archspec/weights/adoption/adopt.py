"""Somebody else's checkpoint for our network, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import printable
from archspec.network import Network
from archspec.targets.templates import manifest
from archspec.weights.adoption.mismatches import (
    AmbiguousMatch,
    check_agree,
    check_clear,
    check_same,
    unclear,
)
from archspec.weights.adoption.names import own_names
from archspec.weights.adoption.orders import Pairs, in_order
from archspec.weights.adoption.pairing import Candidate, Case, better_named, decide
from archspec.weights.adoption.readings import Reading, Share, Stored, cut, readings
from archspec.weights.adoption.uses import Signature, Slot, Use, signature, uses
from archspec.weights.checkpoints import Checkpoint, Unit, opened, without
from archspec.weights.checks import Arrays, check_numbers, listed
from archspec.weights.moves import from_target, names_there


@dataclass(frozen=True)
class Adoption:
    """Canonical weights, and the unit of the checkpoint that each layer got."""

    units: Mapping[str, Unit]
    weights: Arrays

    def __str__(self) -> str:
        rows = [
            (path, printable(unit.name), listed(next(iter(unit.shapes.values()))))
            for path, unit in self.units.items()
        ]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        return "\n".join(
            f"{ours:<{widths[0]}}  {theirs:<{widths[1]}}  {shape}"
            for ours, theirs, shape in rows
        )


def adopt(network: Network, path: Path, ignore: Sequence[str] = ()) -> Adoption:
    """Match the layers of a network with a checkpoint of torchvision, timm or Keras.

    Tensors whose names match a shell pattern of `ignore` are left out.

    Raises:
        WeightsError: the file cannot be read (AS511); a tensor is missing or left over
            (AS512), or has another shape (AS513); numbers are not floating-point or
            not finite (AS514, AS515); a pattern matches nothing (AS516); the match is
            ambiguous (AS517).
        FrameworkMissing: the library that reads such files is not installed.
    """
    with opened(path) as whole:
        checkpoint = without(whole, ignore)
        found = correspondence(network, checkpoint)
        return Adoption(found, _weights(network, checkpoint, found))


def correspondence(network: Network, checkpoint: Checkpoint) -> dict[str, Unit]:
    """The unit of each layer; WeightsError (AS512, AS513, AS517) unless it is clear."""
    target = checkpoint.target
    ours = uses(network, manifest(target))
    parts = [part for use in ours for part in use.parts]
    units = [
        Stored(unit.name, unit.shapes, signature(target, unit.shapes), unit)
        for unit in checkpoint.units
    ]
    check_same(parts, units)
    for number, part in own_names(_named(parts), _named(units)).items():
        own = frozenset({(parts[part].name, ())})
        parts[part].signature = units[number].signature = own
    found: list[Pairs] = []
    failed: list[AmbiguousMatch] = []
    for reading in readings(checkpoint, units, ours):
        try:
            found.append(_read(reading, ours))
        except AmbiguousMatch as error:
            failed.append(error)
    for other in found[1:]:
        check_agree(found[0], other)
    orders = in_order(network, ours, checkpoint, units)
    found += [pairs for pairs in orders if _is_possible(pairs, ours, units)]
    if not found:
        raise failed[0]
    check_clear(found)
    return {part.name: found[0][part.name].unit for part in parts}


def _named(slots: Iterable[Slot]) -> list[tuple[str, Signature]]:
    return [(slot.name, slot.signature) for slot in slots]


def _read(reading: Reading, ours: Sequence[Use]) -> Pairs:
    """The pairing by one reading.

    Raises:
        AmbiguousMatch: there is none, or more than one.
        WeightsError: the order contradicts the names (AS517).
    """
    pairs = list(zip(ours, cut(reading, ours), strict=True))
    cases = [Case(use, share, reading.executed) for use, share in pairs]
    if not all(case.candidates for case in cases):  # an order, but not of execution
        cases = [Case(use, share, False) for use, share in pairs]
    decide(cases)
    for case in cases:
        if len(case.candidates) != 1:  # there is none where the search was given up
            raise unclear(case.open or case.use.parts, case.share.units)
    return _checked(cases, [case.candidates[0] for case in cases])


def _is_possible(pairs: Pairs, ours: Sequence[Use], units: Sequence[Stored]) -> bool:
    """Whether a pairing contradicts no dependency, no other use and no name.

    Raises WeightsError if names are for another one (AS517).
    """
    places = {unit: place for place, unit in enumerate(units)}
    cases: list[Case] = []
    for use in ours:
        own = {pairs[part.name]: n for n, part in enumerate(use.parts)}
        share = tuple(sorted(own, key=places.__getitem__))
        chains = tuple(unit.unit.chain for unit in share)
        known = tuple(own[unit] for unit in share)
        cases.append(Case(use, Share(share, chains), True, known))
    decide(cases)
    if not all(case.known in case.candidates for case in cases):
        return False
    _checked(cases, [case.known for case in cases])
    return True


def _checked(cases: Sequence[Case], candidates: Sequence[Candidate]) -> Pairs:
    """The pairs of the candidates; WeightsError (AS517) if names are for others."""
    found: Pairs = {}
    for case, candidate in zip(cases, candidates, strict=True):
        pairs = case.pairs(candidate)
        if other := better_named(case, candidate):
            check_agree(pairs, case.pairs(other))
        found |= pairs
    return found


def _weights(
    network: Network, checkpoint: Checkpoint, units: Mapping[str, Unit]
) -> Arrays:
    target = manifest(checkpoint.target)
    theirs = {
        t.name: t.values() for unit in units.values() for t in unit.tensors.values()
    }
    check_numbers(theirs)
    moved: dict[str, np.ndarray[Any, Any]] = {}
    places = names_there(network, target)
    for layer in network.layers:
        for name in layer.weights:
            there, shape = places[f"{layer.path}.{name}"]
            variable = target["weights"][layer.op][name]["name"]
            tensor = units[layer.path].tensors[variable]
            moved[there] = theirs[tensor.name].reshape(shape)
    return from_target(network, target, moved)
