"""Changes of a spec with which it describes what a file holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from math import prod
from typing import Any, get_args

from archspec.elaboration import changed
from archspec.errors import Diagnostic, SpecError, WeightsError
from archspec.network import Network
from archspec.ops import Op
from archspec.weights.adoption.settings import (
    Difference,
    Units,
    differences,
    input_chain,
    shown,
)
from archspec.weights.checkpoints import Affine, Checkpoint
from archspec.words import PaddingWord

MAX_HEADS = 3
"""Layers at the end that a file may lack, as one without a classifier does."""

MAX_NAMED = 3
"""Variants that are proposed."""


def with_own_classes(network: Network, numbers: int) -> Network | None:
    """The network whose classes make it have so many numbers, if there is one.

    The total is linear in the classes, so two networks tell the third, whatever the
    names and the order of the weights are.
    """
    classes = network.document.classes
    if classes is None or numbers == network.parameters:
        return None
    with suppress(SpecError):
        each = changed(network, overrides=[f"classes={classes + 1}"]).parameters
        each -= network.parameters
        more, rest = divmod(numbers - network.parameters, each) if each else (0, 1)
        if not rest and classes + more > 0:
            return changed(network, overrides=[f"classes={classes + more}"])
    return None


def numbers_in(checkpoint: Checkpoint) -> int:
    """How many numbers the units of a checkpoint have."""
    tensors = (tensor for unit in checkpoint.units for tensor in unit.tensors.values())
    return sum(prod(tensor.shape) for tensor in tensors)


def variants(network: Network) -> Iterator[tuple[str, Network]]:
    """The network with each variant that it has not, and the option for it."""
    applied = (network.spec.variant or "").split("+")
    names = (name for name in network.spec.variants.entries if name not in applied)
    for name in names:
        with suppress(SpecError):
            yield f"--variant {name}", changed(network, variants=[name])


def headless(network: Network) -> Iterator[tuple[str, Network]]:
    """The network without the last layers of the document that have weights."""
    owners = [layer.path.partition(".")[0] for layer in network.layers if layer.weights]
    ends = list(dict.fromkeys(reversed(owners)))[:MAX_HEADS]
    for number in range(1, len(ends) + 1):
        gone = [f"layers.{name}=~" for name in ends[:number]]
        with suppress(SpecError):
            options = " ".join(f"--set {each}" for each in gone)
            yield options, changed(network, overrides=gone)


def fitting(network: Network, fits: Callable[[Network], bool]) -> str:
    """Options with which the network fits, the same input size first; "" for none."""
    found = [each for each in (*variants(network), *headless(network)) if fits(each[1])]
    found.sort(key=lambda each: each[1].inputs != network.inputs)
    return " or ".join(options for options, _ in found[:MAX_NAMED])


def alternatives(network: Network) -> Iterator[tuple[str, Network]]:
    """Variants that have the same weights, and compute something else with them."""
    known = [_computed(network)]
    for option, other in variants(network):
        found = _computed(other)
        if other.weight_shapes == network.weight_shapes and found not in known:
            known.append(found)
            yield option, other


def _computed(network: Network) -> list[Any]:
    """What each layer does, apart from training."""
    return [
        (layer.path, layer.op, *_attributes(layer.primitive))
        for layer in network.layers
        if not layer.is_idle
    ]


def _attributes(op: Op) -> list[Any]:
    training = "decay", "initializer", "dropout"
    return [pair for pair in op if pair[0] not in training]


def check_settings(
    network: Network, checkpoint: Checkpoint, units: Units, accept: Collection[str]
) -> None:
    """Raise WeightsError (AS518) where the file states other settings than the spec.

    Those in `accept` may differ.
    """

    def left(other: Network) -> list[Difference]:
        found = differences(other, checkpoint, units)
        return [each for each in found if each.setting not in accept]

    if not (found := left(network)):
        return
    own = network.weight_shapes
    options = [
        option
        for option, other in variants(network)
        if other.weight_shapes == own and not left(other)
    ]
    chosen: list[str] = []
    for each in () if options else found:
        chosen += _first_right(network, chosen, each, left)
    if chosen and not left(changed(network, overrides=chosen)):
        options = [" ".join(f"--set '{override}'" for override in chosen)]
    kept = dict.fromkeys(f"--accept {each.setting}" for each in found)
    help = f"to keep those of the spec: {' '.join(kept)}"
    if options:
        own = " or ".join(options[:MAX_NAMED])
        help = f"to use the settings of the file: {own}; {help}"
    raise WeightsError.most([Diagnostic("AS518", str(each)) for each in found], help)


def _first_right(
    network: Network,
    before: Sequence[str],
    difference: Difference,
    left: Callable[[Network], list[Difference]],
) -> list[str]:
    """The first override that adopts a setting, if there is one."""

    def is_right(override: str) -> bool:
        with suppress(SpecError):
            other = changed(network, overrides=[*before, override])
            kinds = [(each.setting, each.op) for each in left(other)]
            return (difference.setting, difference.op) not in kinds
        return False

    return list(islice(filter(is_right, _adopting(network, difference)), 1))


def _adopting(network: Network, difference: Difference) -> Iterator[str]:
    """Overrides that may give a network the file's setting."""
    op, setting, theirs = difference.op, difference.setting, difference.theirs
    if setting == "normalize":
        yield _normalizing(network, theirs)
    elif setting == "activation":
        yield f"defaults.activation={theirs}"
    elif isinstance(theirs, float):
        yield f"defaults.{op}.{setting}={theirs:g}"
    elif setting == "padding":
        for word in get_args(PaddingWord):
            yield f"defaults.{op}.padding={word}"


def _normalizing(network: Network, theirs: Affine) -> str:
    """The last `normalize` layer with other constants, or a new one."""
    mean, std = map(shown, theirs.statistics)
    layer = f"normalize: {{mean: {mean}, std: {std}}}"
    if path := input_chain(network).path:
        return f"layers.{path}={{{layer}}}"
    first = network.layers[0].path.partition(".")[0]
    return f"layers.normalize={{{layer}, before: {first}}}"
