"""Somebody else's checkpoint for our network, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import Diagnostic, WeightsError, printable
from archspec.network import Network
from archspec.targets.templates import manifest
from archspec.weights.adoption.complaints import check_same, listed_names
from archspec.weights.adoption.names import own_names
from archspec.weights.adoption.pairing import Case, check_names, decide
from archspec.weights.adoption.readings import (
    OutOfOrder,
    Reading,
    Signed,
    cut,
    readings,
)
from archspec.weights.adoption.uses import Part, Use, unit_signature, uses
from archspec.weights.checkpoints import Checkpoint, Unit, opened, without
from archspec.weights.checks import Arrays, check_numbers, listed
from archspec.weights.moves import from_target, names_there

Pairs = dict[str, Unit]
"""The unit of each layer, by the layer's path."""

UNCLEAR = (
    "a spec that calls its layers what the file calls them leaves no doubt; "
    "what a generated module saved, weights convert --from reads"
)
"""What a user can do about it."""


@dataclass(frozen=True)
class Adoption:
    """Canonical weights, and which of our layers got which of their units."""

    units: Pairs
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


class Undecided(WeightsError):
    """One reading does not tell which unit is which; another may."""


def adopt(network: Network, path: Path, ignore: Sequence[str] = ()) -> Adoption:
    """Find our layers in a checkpoint of torchvision, timm, Keras and the like.

    Tensors whose names fit a pattern of `ignore`, as the shell has them, are passed
    over.

    Raises:
        WeightsError: the file cannot be read (AS511); a tensor is missing or left over
            (AS512), or has another shape (AS513); numbers are not floating-point or
            not finite (AS514, AS515); a pattern fits nothing (AS516); it is not clear
            which is which (AS517).
        FrameworkMissing: what reads such files is not installed.
    """
    with opened(path) as whole:
        checkpoint = without(whole, ignore)
        found = correspondence(network, checkpoint)
        return Adoption(found, _weights(network, checkpoint, found))


def correspondence(network: Network, checkpoint: Checkpoint) -> Pairs:
    """The unit of each layer; WeightsError (AS512, AS513, AS517) unless it is clear."""
    ours = uses(network, manifest(checkpoint.target))
    signatures = {
        id(unit): unit_signature(checkpoint.target, unit) for unit in checkpoint.units
    }

    def signed(unit: Unit):
        return signatures[id(unit)]

    check_same(ours, checkpoint, signed)
    if (named := _named(ours, checkpoint, signed)) is not None:
        return named
    found: list[Pairs] = []
    failed: list[Undecided] = []
    for reading in readings(checkpoint, ours, signed):
        try:
            found.append(_paired(reading, ours, checkpoint, signed))
        except Undecided as error:
            failed.append(error)
    if not found:
        raise failed[0]
    for other in found[1:]:
        _check_agree(found[0], other)
    return found[0]


def _named(uses: Sequence[Use], checkpoint: Checkpoint, signed: Signed) -> Pairs | None:
    """The pairing by names alone, if they are the paths of the network."""
    parts = [part for use in uses for part in use.parts]
    ours = [(part.layer.path, part.signature) for part in parts]
    theirs = [(unit.name, signed(unit)) for unit in checkpoint.units]
    found = own_names(ours, theirs)
    return None if found is None else _pairs(parts, checkpoint.units, found)


def _paired(
    reading: Reading, ours: Sequence[Use], checkpoint: Checkpoint, signed: Signed
) -> Pairs:
    """The pairing by one reading.

    Raises:
        Undecided: there is none, or more than one.
        WeightsError: the order says one thing and names another (AS517).
    """
    try:
        shares = cut(reading, ours, signed)
    except OutOfOrder as error:
        raise _unclear(error.use.parts, checkpoint.units, signed) from None
    pairs = list(zip(ours, shares, strict=True))
    cases = [Case(use, share, reading.executed, signed) for use, share in pairs]
    if not all(case.candidates for case in cases):  # an order, but not of execution
        cases = [Case(use, share, False, signed) for use, share in pairs]
    if not all(case.candidates for case in cases):  # the search was given up
        case = next(case for case in cases if not case.candidates)
        raise _unclear(case.use.parts, case.share.units, signed)
    decide(cases)
    found: Pairs = {}
    for case in cases:
        if not case.decided:
            raise _unclear(_open(case) or case.use.parts, case.share.units, signed)
        parts, units = case.use.parts, case.share.units
        pairs_here = _pairs(parts, units, case.candidates[0])
        if other := check_names(case, signed):
            _check_agree(pairs_here, _pairs(parts, units, other))
        found |= pairs_here
    return found


def _pairs(
    parts: Sequence[Part], units: Sequence[Unit], numbers: Sequence[int]
) -> Pairs:
    """The unit of each part, from the number of the part that each unit is."""
    found = dict(zip(numbers, units, strict=True))
    return {part.layer.path: found[n] for n, part in enumerate(parts)}


def _open(case: Case) -> list[Part]:
    """The parts that the candidates of a case do not agree about."""
    places = [
        {candidate.index(number) for candidate in case.candidates}
        for number in range(len(case.use.parts))
    ]
    parts = zip(case.use.parts, places, strict=True)
    return [part for part, at in parts if len(at) != 1]


def _unclear(parts: Sequence[Part], units: Sequence[Unit], signed: Signed) -> Undecided:
    """What is raised about parts that may be any of several units."""
    found: list[Diagnostic] = []
    for part in parts:
        fitting = [unit.name for unit in units if signed(unit) == part.signature]
        if len(fitting) > 1:
            message = f"'{part.layer.path}' may be any of {listed_names(fitting)}"
            found.append(Diagnostic("AS517", message))
    if not found:
        paths = listed_names([part.layer.path for part in parts])
        message = (
            f"the order of the file does not tell where the weights of {paths} are"
        )
        found.append(Diagnostic("AS517", message))
    found[-1] = found[-1]._replace(help=UNCLEAR)
    return Undecided(found)


def _check_agree(one: Pairs, other: Pairs) -> None:
    found = [
        Diagnostic(
            "AS517",
            f"'{path}' is '{unit.name}' by the order in the file, "
            f"but '{other[path].name}' by the names",
        )
        for path, unit in one.items()
        if unit is not other[path]
    ]
    if found:
        raise WeightsError(found)


def _weights(network: Network, checkpoint: Checkpoint, units: Pairs) -> Arrays:
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
