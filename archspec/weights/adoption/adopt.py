"""Match the layers of a network with a checkpoint of another implementation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from archspec.errors import WeightsError
from archspec.network import Network
from archspec.ops import Shape
from archspec.targets.templates import manifest
from archspec.weights.adoption.heads import in_thirds
from archspec.weights.adoption.mismatches import (
    MAX_NAMES,
    AmbiguousMatch,
    check_agree,
    check_clear,
    check_same,
    unclear,
)
from archspec.weights.adoption.names import own_names
from archspec.weights.adoption.orders import in_order
from archspec.weights.adoption.pairing import Case, better_named, decide
from archspec.weights.adoption.parallel import check_parallel
from archspec.weights.adoption.positions import check_positions
from archspec.weights.adoption.proposals import (
    alternatives,
    check_settings,
    fitting,
    numbers_in,
    with_own_classes,
)
from archspec.weights.adoption.readings import Reading, Share, Stored, cut, readings
from archspec.weights.adoption.uses import Signature, Slot, Use, signature, uses
from archspec.weights.adoption.widths import without_widths
from archspec.weights.checkpoints import Checkpoint, Unit, opened, without
from archspec.weights.checks import Arrays, check_numbers
from archspec.weights.moves import from_target, names_there

Pairs = dict[str, Stored]
"""The unit of each layer, by the layer's path."""


class Row(NamedTuple):
    """A layer, what the file calls it, and the shape of its first weight there."""

    layer: str
    name: str
    shape: Shape


@dataclass(frozen=True)
class Adoption:
    """Canonical weights, and the unit of the checkpoint that each layer got.

    `network` has as many classes as the file, `notes` says what was decided. `path` and
    `key` are those of the file.
    """

    network: Network
    units: Mapping[str, Unit]
    weights: Arrays
    notes: tuple[str, ...]
    path: Path
    key: str

    @property
    def rows(self) -> list[Row]:
        """Each layer with weights, in the order of the spec."""
        return [
            Row(path, unit.name, next(iter(unit.shapes.values())))
            for path, unit in self.units.items()
        ]


def adopt(
    network: Network,
    path: Path,
    ignore: Sequence[str] = (),
    *,
    key: str = "",
    accept: Sequence[str] = (),
    qkv_by_head: bool = False,
    compared: bool = False,
) -> Adoption:
    """Match the layers of a network with a checkpoint of torchvision, timm or Keras.

    Tensors whose names match a shell pattern of `ignore` are left out. `key` names the
    entry of the file that holds the weights. Settings in `accept` may differ. With
    `qkv_by_head`, the file has query, key and value of a head, then those of the next.
    Outputs will be `compared` with those of the original, so that parallel layers of
    one shape may be matched by their order alone.

    Raises:
        WeightsError: the file cannot be read (AS511); a tensor is missing or left over
            (AS512), or has another shape (AS513); numbers are not floating-point or
            not finite (AS514, AS515); a pattern matches nothing (AS516); the match is
            ambiguous (AS517); the file states other settings than the spec (AS518).
        InvalidArgument: `qkv_by_head` without queries, keys and values of one layer.
        FrameworkMissing: the library that reads such files is not installed.
    """
    with opened(path, key) as whole:
        checkpoint = without(whole, ignore)
        own, units = _matched(network, checkpoint, compared)
        check_settings(own, checkpoint, units, accept)
        notes = (
            _entry(checkpoint),
            classes_note(network, own),
            _unstated(own, checkpoint),
        )
        weights = weights_of(own, checkpoint, units)
        if qkv_by_head:
            weights = in_thirds(own, weights)
        return Adoption(own, units, weights, tuple(filter(None, notes)), path, key)


def _matched(
    network: Network, checkpoint: Checkpoint, compared: bool
) -> tuple[Network, dict[str, Unit]]:
    """The network, with the file's classes if that is what differs, and its units."""
    numbers = numbers_in(checkpoint)
    try:
        return network, correspondence(network, checkpoint, compared=compared)
    except AmbiguousMatch:
        raise
    except WeightsError as error:
        if (other := with_own_classes(network, numbers)) and _fits(other, checkpoint):
            return other, correspondence(other, checkpoint, compared=compared)
        options = fitting(network, partial(_fits, checkpoint=checkpoint))
        if not options:
            raise
        help = f"the file fits the spec with {options}"
        raise WeightsError.most(error.diagnostics, help) from None


def _fits(network: Network, checkpoint: Checkpoint) -> bool:
    """Whether the file has the weights of the network, or of other classes of it."""
    numbers = numbers_in(checkpoint)
    own = with_own_classes(network, numbers) or network
    if own.parameters != numbers:
        return False
    with suppress(WeightsError):
        ours = uses(own, manifest(checkpoint.target))
        check_same([part for use in ours for part in use.parts], _stored(checkpoint))
        return True
    return False


def classes_note(network: Network, own: Network) -> str:
    """What is said where a file has another number of classes than the spec."""
    classes = own.document.classes
    if classes == network.document.classes:
        return ""
    return f"the file has {classes} classes; using --set classes={classes}"


def _entry(checkpoint: Checkpoint) -> str:
    if not checkpoint.others:
        return ""
    others = ", ".join(map(repr, checkpoint.others[:MAX_NAMES]))
    return (
        f"read entry '{checkpoint.entry}' of the file; --key selects another: {others}"
    )


def _unstated(network: Network, checkpoint: Checkpoint) -> str:
    """That a file of weights alone states no settings, and which may be wrong."""
    if any(unit.settings for unit in checkpoint.units):
        return ""
    note = "the file does not state strides, padding, epsilon, decay or activations"
    if others := " or ".join(option for option, _ in alternatives(network)):
        note += f"; {others} would compute something else with these weights"
    return note


def correspondence(
    network: Network,
    checkpoint: Checkpoint,
    *,
    compared: bool = False,
    any_widths: bool = False,
    names: Mapping[str, str] | None = None,
) -> dict[str, Unit]:
    """The unit of each layer; WeightsError (AS512, AS513, AS517) unless it is clear.

    What is `compared` with its original may have parallel layers by order alone. With
    `any_widths`, layers of the file may have other numbers of channels. `names` are
    what the file calls layers as far as that is known: by default from the spec.
    """
    if any_widths and (named := _by_name(network, checkpoint)):
        return named
    ours, units = uses(network, manifest(checkpoint.target)), _stored(checkpoint)
    parts = [part for use in ours for part in use.parts]
    if any_widths:
        without_widths([*parts, *units], manifest(checkpoint.target))
    else:
        check_positions(network, parts, units)
    check_same(parts, units)
    _name_known(parts, units, _source_names(network) if names is None else names)
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
        raise min(failed, key=lambda error: len(error.diagnostics) + error.more)
    check_clear(found)
    if not compared:
        check_parallel(network, parts, found[0], units)
    return {part.name: found[0][part.name].unit for part in parts}


def _source_names(network: Network) -> Mapping[str, str]:
    """What the spec says that its source calls layers."""
    source = network.document.source
    return source.names if source else {}


def _name_known(
    parts: Sequence[Slot], units: Sequence[Slot], names: Mapping[str, str]
) -> None:
    """Pair layers with those that the spec names, if they have the same weights."""
    known = {unit.name: unit for unit in units}
    for part in parts:
        unit = known.get(names.get(part.name, ""))
        if unit is not None and unit.signature == part.signature:
            unit.signature = part.signature = frozenset({(part.name, ())})


def _by_name(network: Network, checkpoint: Checkpoint) -> dict[str, Unit]:
    """The unit of each layer in a file of a generated module; none for others."""
    owners = {t.name: unit for unit in checkpoint.units for t in unit.tensors.values()}
    places = names_there(network, manifest(checkpoint.target))
    if {named.name for named in places.values()} != owners.keys():
        return {}
    return {
        path.rpartition(".")[0]: owners[named.name] for path, named in places.items()
    }


def _stored(checkpoint: Checkpoint) -> list[Stored]:
    names = manifest(checkpoint.target)
    return [
        Stored(unit.name, unit.shapes, signature(names, unit.shapes), unit)
        for unit in checkpoint.units
    ]


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


def weights_of(
    network: Network, checkpoint: Checkpoint, units: Mapping[str, Unit]
) -> Arrays:
    """The canonical weights, of the unit of each layer.

    Raises WeightsError (AS514, AS515) for numbers that are no weights.
    """
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
