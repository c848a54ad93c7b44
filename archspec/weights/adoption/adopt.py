"""Somebody else's checkpoint for our network, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import Diagnostic, WeightsError, printable
from archspec.network import Network
from archspec.targets.templates import manifest
from archspec.weights.adoption.mismatches import check_same, listed_names
from archspec.weights.adoption.names import own_names
from archspec.weights.adoption.orders import Pairs, in_order
from archspec.weights.adoption.pairing import Candidate, Case, check_names, decide
from archspec.weights.adoption.readings import (
    OutOfOrder,
    Reading,
    Share,
    Stored,
    cut,
    readings,
)
from archspec.weights.adoption.uses import (
    Part,
    Signature,
    Use,
    signature,
    uses,
)
from archspec.weights.checkpoints import Checkpoint, Unit, opened, without
from archspec.weights.checks import Arrays, check_numbers, listed
from archspec.weights.moves import from_target, names_there

UNCLEAR = (
    "in the spec, call every layer of these shapes what the file calls it; "
    "what a generated module saved, weights convert --from reads"
)
"""What a user can do about it."""


@dataclass(frozen=True)
class Adoption:
    """Canonical weights, and which of our layers got which of their units."""

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


class AmbiguousMatch(WeightsError):
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


def correspondence(network: Network, checkpoint: Checkpoint) -> dict[str, Unit]:
    """The unit of each layer; WeightsError (AS512, AS513, AS517) unless it is clear."""
    target = checkpoint.target
    units = [Stored(unit, signature(target, unit.shapes)) for unit in checkpoint.units]
    ours = uses(network, manifest(target))
    check_same(ours, units)
    ours, units = _named(ours, units)
    found: list[Pairs] = []
    failed: list[AmbiguousMatch] = []
    for reading in readings(checkpoint, units, ours):
        try:
            found.append(_read(reading, ours, units))
        except AmbiguousMatch as error:
            failed.append(error)
    for other in found[1:]:
        _check_agree(found[0], other)
    orders = in_order(network, ours, checkpoint, units)
    found += [pairs for pairs in orders if _is_possible(pairs, ours, units)]
    if not found:
        raise failed[0]
    _check_clear(found)
    paths = (part.layer.path for use in ours for part in use.parts)
    return {path: found[0][path].unit for path in paths}


def _named(
    uses: Sequence[Use], units: Sequence[Stored]
) -> tuple[list[Use], list[Stored]]:
    """Both sides, where layers that are called by their paths have one more in common.

    Their signatures are like no other any more.
    """
    parts = [part for use in uses for part in use.parts]
    ours = [(part.layer.path, part.signature) for part in parts]
    theirs = [(unit.name, unit.signature) for unit in units]
    alone: dict[str, Signature] = {}
    named = list(units)
    for number, part in own_names(ours, theirs).items():
        path, shapes = ours[part]
        alone[path] = shapes | {(path, ())}
        named[number] = replace(units[number], signature=alone[path])
    return [use.signed(alone) for use in uses], named


def _read(reading: Reading, ours: Sequence[Use], units: Sequence[Stored]) -> Pairs:
    """The pairing by one reading.

    Raises:
        AmbiguousMatch: there is none, or more than one.
        WeightsError: the order says one thing and names another (AS517).
    """
    try:
        shares = cut(reading, ours)
    except OutOfOrder as error:
        raise _unclear(error.use.parts, units) from None
    pairs = list(zip(ours, shares, strict=True))
    cases = [Case(use, share, reading.executed) for use, share in pairs]
    if not all(case.candidates for case in cases):  # an order, but not of execution
        cases = [Case(use, share, False) for use, share in pairs]
    decide(cases)
    for case in cases:
        if len(case.candidates) != 1:  # there is none where the search was given up
            raise _unclear(case.open or case.use.parts, case.share.units)
    return _checked(cases, [case.candidates[0] for case in cases])


def _is_possible(pairs: Pairs, ours: Sequence[Use], units: Sequence[Stored]) -> bool:
    """Whether nothing speaks against a pairing: no dependency, no other use, no name.

    Raises WeightsError if names say something else (AS517).
    """
    places = {unit: place for place, unit in enumerate(units)}
    cases: list[Case] = []
    for use in ours:
        own = {places[pairs[p.layer.path]]: n for n, p in enumerate(use.parts)}
        share = tuple(units[place] for place in sorted(own))
        chains = tuple(unit.unit.chain for unit in share)
        meant = tuple(own[place] for place in sorted(own))
        cases.append(Case(use, Share(share, chains), True, meant))
    decide(cases)
    if not all(case.meant in case.candidates for case in cases):
        return False
    _checked(cases, [case.meant for case in cases])
    return True


def _checked(cases: Sequence[Case], candidates: Sequence[Candidate]) -> Pairs:
    """The pairs of the candidates; WeightsError (AS517) if names are for others."""
    found: Pairs = {}
    for case, candidate in zip(cases, candidates, strict=True):
        pairs = case.pairs(candidate)
        if other := check_names(case, candidate):
            _check_agree(pairs, case.pairs(other))
        found |= pairs
    return found


def _unclear(parts: Sequence[Part], units: Sequence[Stored]) -> AmbiguousMatch:
    """What is raised about parts that may be any of several units."""
    fitting = {
        part.layer.path: [
            unit.name for unit in units if unit.signature == part.signature
        ]
        for part in parts
    }
    if not any(len(names) > 1 for names in fitting.values()):
        paths = listed_names(list(fitting))
        message = (
            f"the order of the file does not tell where the weights of {paths} are"
        )
        return AmbiguousMatch([Diagnostic("AS517", message, help=UNCLEAR)])
    return _ambiguous(fitting)


def _ambiguous(fitting: Mapping[str, Sequence[str]]) -> AmbiguousMatch:
    """What is raised about paths for which there are several names."""
    found = [
        Diagnostic("AS517", f"'{path}' may be any of {listed_names(names)}")
        for path, names in fitting.items()
        if len(names) > 1
    ]
    found[-1] = found[-1]._replace(help=UNCLEAR)
    return AmbiguousMatch(found)


def _check_clear(found: Sequence[Pairs]) -> None:
    """Raise AmbiguousMatch (AS517) unless all pairings are one."""
    fitting = {
        path: list(dict.fromkeys(pairs[path].name for pairs in found))
        for path in found[0]
    }
    if any(len(names) > 1 for names in fitting.values()):
        raise _ambiguous(fitting)


def _check_agree(one: Pairs, other: Pairs) -> None:
    """Raise WeightsError (AS517) where names say something else than the order."""
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
