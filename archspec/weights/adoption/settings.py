"""Settings that a file states, and the spec otherwise: epsilon, padding, activation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from math import isclose
from typing import Any, NamedTuple

from archspec.network import INPUT, Network, NetworkLayer
from archspec.ops.convolution import TransposedConv
from archspec.ops.normalization import Normalize
from archspec.ops.pointwise import Activation
from archspec.ops.window import Windowed
from archspec.weights.adoption.uses import readers
from archspec.weights.checkpoints import Affine, Checkpoint, Unit

SETTINGS = (
    "activation", "decay", "dilation", "epsilon", "normalize", "padding", "stride"
)  # fmt: skip
"""What a file may state, and `adopt --accept` lets differ."""

Units = Mapping[str, Unit]


class Difference(NamedTuple):
    """A setting that some layers have otherwise in the file; `op` is theirs."""

    setting: str
    op: str
    theirs: Any
    ours: Any
    paths: tuple[str, ...]

    def __str__(self) -> str:
        where = f"'{self.paths[0]}'" if self.paths else "the input"
        if len(self.paths) > 1:
            where = f"{len(self.paths)} layers, such as {where},"
        return (
            f"{self.setting} of {where} is {_said(self.theirs)} in the file, "
            f"but {_said(self.ours)} in the spec"
        )


def differences(
    network: Network, checkpoint: Checkpoint, units: Units
) -> list[Difference]:
    """Every setting that the file states otherwise, those of most layers first."""
    following = _activations(network)
    paths: dict[tuple[str, str, Any, Any], list[str]] = defaultdict(list)
    stated = (
        (layer, *setting)
        for layer in network.layers
        if layer.weights
        for setting in units[layer.path].settings.items()
    )
    for layer, setting, theirs in stated:
        ours = getattr(layer.primitive, setting, None)
        if setting == "activation":
            ours = following.get(layer.path)
        if ours is not None and not _same(layer, setting, theirs, ours):
            paths[setting, layer.op, theirs, ours].append(layer.path)
    found = [Difference(*key, tuple(each)) for key, each in paths.items()]
    found.sort(key=lambda difference: -len(difference.paths))
    return [*_scalings(network, checkpoint), *found]


class InputChain(NamedTuple):
    """The `normalize` layers that the input goes through; `path` is of the last."""

    before: Affine = Affine()
    last: Affine = Affine()
    path: str = ""


def input_chain(network: Network) -> InputChain:
    """What the first layers do to the input, as far as they are `normalize`."""
    reading, number, found = readers(network), INPUT, InputChain()
    while len(after := reading[number]) == 1:
        layer, number = network.layers[after[0]], after[0]
        if not isinstance(op := layer.primitive, Normalize):
            break
        own = Affine.normalization(op.mean, op.std)
        found = InputChain(found.last.after(found.before), own, layer.path)
    return found


def _scalings(network: Network, checkpoint: Checkpoint) -> Iterator[Difference]:
    """The input's normalisation: all of it if the file states it, or its constants."""
    before, ours, path = input_chain(network)
    own, stated = [ours, *_constants(network)], checkpoint.constants
    if checkpoint.scaling is not None:
        own, stated = [ours], (checkpoint.scaling.after(before.inverse),)
    for theirs in stated:
        if not _is_one_of(theirs, own, checkpoint.scaling is not None):
            paths = (path,) if path else ()
            yield Difference("normalize", "normalize", theirs, ours, paths)


def _constants(network: Network) -> Iterator[Affine]:
    for layer in network.layers:
        if isinstance(op := layer.primitive, Normalize):
            yield Affine.normalization(op.mean, op.std)


def _is_one_of(theirs: Affine, own: Collection[Affine], exact: bool) -> bool:
    """Whether they are equal; unless `exact`, also with the std squared.

    The published weights of Keras's EfficientNet have it in the place of the variance,
    and the model, which a file of weights does not state, divides by its root again.
    """
    mean, std = theirs.statistics
    squared = Affine.normalization(mean, [number**2 for number in std])
    either = [theirs] if exact else [theirs, squared]
    return any(each.equals(ours) for each in either for ours in own)


def _activations(network: Network) -> dict[str, str]:
    """The kind after each layer that one other reads; `identity` for another op.

    At an output none is known: a file often has a softmax there.
    """
    reading = readers(network)

    def after(number: int) -> str:
        if number in network.outputs.values() or len(reading[number]) != 1:
            return ""
        layer = network.layers[reading[number][0]]
        if isinstance(layer.primitive, Activation):
            return layer.primitive.kind
        return after(reading[number][0]) if layer.is_idle else "identity"

    found = {layer.path: after(n) for n, layer in enumerate(network.layers)}
    return {path: kind for path, kind in found.items() if kind}


def _same(layer: NetworkLayer, setting: str, theirs: Any, ours: Any) -> bool:
    op = layer.primitive
    if isinstance(ours, float):
        return isclose(theirs, ours, rel_tol=1e-5)
    if setting != "padding" or not isinstance(op, Windowed):
        return theirs == ours
    windows = [op.window._replace(padding=padding) for padding in (theirs, ours)]
    if isinstance(op, TransposedConv):
        return windows[0].crop == windows[1].crop
    size = layer.inputs[0][1], layer.inputs[0][2]
    return windows[0].amounts(size) == windows[1].amounts(size)


def _said(value: Any) -> str:
    if isinstance(value, Affine):
        mean, std = map(shown, value.statistics)
        return f"mean {mean} and std {std}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def shown(numbers: Collection[float]) -> str:
    """Numbers of single precision, as a spec writes them; one if all are equal."""
    texts = [f"{number if abs(number) > 1e-9 else 0:.7g}" for number in numbers]
    return texts[0] if len(set(texts)) == 1 else f"[{', '.join(texts)}]"
