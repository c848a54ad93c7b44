"""Match the layers of a network with a checkpoint of another implementation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
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
from archspec.weights.adoption.orders import in_order
from archspec.weights.adoption.pairing import Case, better_named, decide
from archspec.weights.adoption.readings import Reading, Share, Stored, cut, readings
from archspec.weights.adoption.uses import Signature, Slot, Use, signature, uses
from archspec.weights.checkpoints import Checkpoint, Unit, opened, without
from archspec.weights.checks import Arrays, check_numbers, listed
from archspec.weights.moves import from_target, names_there

Pairs = dict[str, Stored]
"""The unit of each layer, by the layer's path."""


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
    names = manifest(checkpoint.target)
    ours = uses(network, names)
    parts = [part for use in ours for part in use.parts]
    units = [
        Stored(unit.name, unit.shapes, signature(names, unit.shapes), unit)
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
    for shares in in_order(network, ours, checkpoint, units):
        with suppress(AmbiguousMatch):
            found.append(_decided(_cases(ours, shares, executed=True)))
    if not found:
        raise failed[0]
    check_clear(found)
    return {part.name: found[0][part.name].unit for part in parts}


def _named(slots: Iterable[Slot]) -> list[tuple[str, Signature]]:
    return [(slot.name, slot.signature) for slot in slots]


def _read(reading: Reading, ours: Sequence[Use]) -> Pairs:
    shares = cut(reading, ours)
    cases = _cases(ours, shares, reading.executed)
    if not all(case.candidates for case in cases):  # an order, but not of execution
        cases = _cases(ours, shares, executed=False)
    return _decided(cases)


def _cases(ours: Sequence[Use], shares: Sequence[Share], executed: bool) -> list[Case]:
    pairs = zip(ours, shares, strict=True)
    return [Case(use, share, executed) for use, share in pairs]


def _decided(cases: Sequence[Case]) -> Pairs:
    """The unit of each layer.

    Raises:
        AmbiguousMatch: a use has several candidates left, or none.
        WeightsError: names support another candidate (AS517).
    """
    decide(cases)
    found: Pairs = {}
    for case in cases:
        if len(case.candidates) != 1:  # none: it is impossible, or the search too long
            raise unclear(case.open or case.use.parts, case.share.units)
        pairs = case.pairs(case.candidates[0])
        if other := better_named(case, case.candidates[0]):
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
