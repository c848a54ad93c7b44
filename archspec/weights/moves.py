"""A network's weights in the order of its ops, and in a framework's.

The canonical name of a weight is its layer's path with the op's name for it
(`stem.conv.weight`), its axes are those of the op. What a framework calls it and how it
orders the axes is in the target's manifest; axes are written as einops does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from math import prod
from typing import Any, NamedTuple

from archspec.language import Block, Document, JoinLayer, Table
from archspec.language.layers import inner_layers
from archspec.language.tensors import reads_several
from archspec.network import Network
from archspec.ops import PRIMITIVES, Shape
from archspec.weights.checks import Arrays, check


class _Side(NamedTuple):
    name: str
    axes: list[list[str]]
    reversed: frozenset[str] = frozenset()

    def shape(self, sizes: Mapping[str, int]) -> Shape:
        return tuple(prod(sizes[axis] for axis in group) for group in self.axes)

    @property
    def order(self) -> list[str]:
        return [axis for group in self.axes for axis in group if axis != "1"]


class _Move(NamedTuple):
    """One weight here and there, and the sizes of its axes."""

    old: _Side
    new: _Side
    sizes: dict[str, int]

    def moved(self, array: Any) -> Any:
        old, new = self.old.order, self.new.order
        split = array.reshape([self.sizes[axis] for axis in old])
        turned = split.transpose([old.index(axis) for axis in new])
        flips = self.old.reversed ^ self.new.reversed
        turned = turned[tuple(slice(None, None, -1 if a in flips else 1) for a in new)]
        return turned.reshape(self.new.shape(self.sizes))


def to_target(network: Network, manifest: Mapping[str, Any], weights: Arrays) -> Arrays:
    """Canonical weights as the target's; WeightsError if they do not fit."""
    return _moved(list(_moves(network, manifest)), weights)


def from_target(
    network: Network,
    manifest: Mapping[str, Any],
    weights: Arrays,
    trainable_only: bool = False,
) -> Arrays:
    """The target's weights as canonical; WeightsError if they do not fit.

    With `trainable_only` they are without moving statistics, as gradients are.
    """
    moves = _moves(network, manifest, trainable_only)
    return _moved([_Move(new, old, sizes) for old, new, sizes in moves], weights)


def sizes_there(
    op: str, weight: str, manifest: Mapping[str, Any], shape: Shape
) -> dict[str, int]:
    """The sizes of a weight's axes by their names, of its shape in a target.

    A 1x1 convolution may be a matrix there, and a matrix such a convolution. Empty if
    the shape is none of such a weight.
    """
    order = manifest["weights"][op][weight].get("axes", PRIMITIVES[op].weight_axes)
    groups = _groups(order.replace("-", ""))
    ones = (1,) * abs(len(groups) - len(shape))
    is_last = manifest["weights"]["conv"]["weight"]["axes"].endswith("height width")
    if len(shape) < len(groups):
        shape = (*shape, *ones) if is_last else (*ones, *shape)
    elif ones:
        end = len(shape) - len(ones)
        cut = shape[end:] if is_last else shape[: len(ones)]
        shape = (shape[:end] if is_last else shape[len(ones) :]) if cut == ones else ()
    if len(shape) != len(groups):
        return {}
    pairs = zip(groups, shape, strict=True)
    return {" ".join(group): size for group, size in pairs}


class Named(NamedTuple):
    """What a target calls a weight, and its shape there."""

    name: str
    shape: Shape


def names_there(network: Network, manifest: Mapping[str, Any]) -> dict[str, Named]:
    """Each canonical name with the target's."""
    return {
        move.old.name: Named(move.new.name, move.new.shape(move.sizes))
        for move in _moves(network, manifest)
    }


def _moved(moves: list[_Move], weights: Arrays) -> Arrays:
    check(weights, {move.old.name: move.old.shape(move.sizes) for move in moves})
    return {move.new.name: move.moved(weights[move.old.name]) for move in moves}


def _moves(
    network: Network, manifest: Mapping[str, Any], trainable_only: bool = False
) -> Iterator[_Move]:
    """Each weight, from its canonical order to the target's."""
    prefixes = weight_prefixes(network, manifest)
    weights = (
        (layer, name, weight.shape)
        for layer in network.layers
        for name, weight in layer.weights.items()
        if weight.trainable or not trainable_only
    )
    for layer, name, shape in weights:
        there = manifest["weights"][layer.op][name]
        axes = PRIMITIVES[layer.op].weight_axes if len(shape) > 1 else "out"
        here = _Side(f"{layer.path}.{name}", _groups(axes))
        sizes = _sizes(here.axes, shape, layer.inputs[0][0])
        order = there.get("axes", axes)
        flipped = frozenset(re.findall(r"-(\w+)", order))
        groups = _groups(order.replace("-", ""))
        side = _Side(prefixes[layer.path] + there["name"], groups, flipped)
        yield _Move(here, side, sizes)


def weight_prefixes(network: Network, manifest: Mapping[str, Any]) -> dict[str, str]:
    """What the target's names of each layer's weights begin with, by its path."""
    copied, words = _copied(network), manifest["weight_path"]
    return {
        layer.path: _path(layer.path, words, copied) + words["before"]
        for layer in network.layers
    }


def _path(path: str, words: Mapping[str, str], copied: Set[str]) -> str:
    """The path of a layer there; a stack may have its layers by another name."""
    parts = path.split(".")
    found = parts[0]
    for number, part in enumerate(parts[1:], 1):
        stacked = part.isdigit() and ".".join(parts[:number]) not in copied
        found += words.get("number", words["dot"]) if stacked else words["dot"]
        found += part
    return found


def _copied(network: Network) -> frozenset[str]:
    """The paths of layers that are lists, and no stack."""
    document = network.document
    return frozenset(
        f"{use.path}.{name}".lstrip(".")
        for use in network.root.walk()
        for name in _in_copies(
            document.blocks[use.block] if use.block else document, document.blocks
        )
    )


def _in_copies(body: Document | Block, blocks: Mapping[str, Block]) -> Iterator[str]:
    """Layers of branches that run several times, and what no stack can have."""
    for name, layer in inner_layers(body.layers):
        if reads_several(layer, blocks):
            rows = layer.rows if isinstance(layer, Table) else ()
            yield from (name, *(f"{name}.{row}" for row in rows))
        for branch in layer.branches.values() if isinstance(layer, JoinLayer) else ():
            yield from branch.layers if branch.runs is not None else ()


def _sizes(axes: list[list[str]], shape: Shape, channels: int) -> dict[str, int]:
    """The size of each axis; where several are one, only the last is unknown."""
    sizes = {"1": 1, "channel": channels}
    for group, size in zip(axes, shape, strict=True):
        sizes[group[-1]] = size // prod(sizes[axis] for axis in group[:-1])
    return sizes


def _groups(axes: str) -> list[list[str]]:
    return [part.strip("()").split() for part in re.findall(r"\([^)]*\)|\S+", axes)]
