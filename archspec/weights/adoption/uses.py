"""The network as a sequence of uses of blocks.

A use is the innermost one that holds more than a convolution with its norm (an inverted
residual, a bottleneck), or a layer that stands by itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby
from typing import Any

from archspec.network import Instance, Network, NetworkLayer
from archspec.ops import Shape
from archspec.weights.moves import Named, names_there

Signature = frozenset[tuple[str, Shape]]
"""The weights of a layer as its framework calls them, with their shapes."""


@dataclass(eq=False)
class Slot:
    """The weights of one layer, of the network or of the file.

    `shapes` has the shape of each weight by its name in the framework. Layers of one
    signature can be exchanged as far as their weights are concerned; a layer that is
    identified by name gets a signature that no other has.
    """

    name: str
    shapes: Mapping[str, Shape]
    signature: Signature


@dataclass(eq=False)
class Part(Slot):
    """A layer of the network, named by its path; `role` is its path in the block."""

    layer: NetworkLayer
    role: str

    @property
    def kind(self) -> str:
        """Layers with a kernel are of one kind; norms and scales are of their op's."""
        return "kernel" if "weight" in self.layer.weights else self.layer.op


@dataclass(frozen=True)
class Use:
    """One use of a block: its parts in written order.

    `upstream` has, for each part, those whose outputs it reads, maybe through others.
    `twins` has those before it that start a branch of the same layers into the same
    sum: which of them is which makes no difference.
    """

    block: str
    parts: tuple[Part, ...]
    upstream: Sequence[set[int]]
    twins: Sequence[set[int]]

    def earlier(self, part: int) -> set[int]:
        """The parts of its kind that come before it in execution."""
        kind = self.parts[part].kind
        return {n for n in self.upstream[part] if self.parts[n].kind == kind}

    @property
    def kind(self) -> tuple[str, ...]:
        """The block and the roles, which uses with the same parts share."""
        return self.block, *(part.role for part in self.parts)

    @cached_property
    def need(self) -> Counter[Signature]:
        """How many of each signature it takes."""
        return Counter(part.signature for part in self.parts)

    @cached_property
    def inner(self) -> list[Counter[Signature]]:
        """The same of each block in it."""
        found: dict[str, Counter[Signature]] = defaultdict(Counter)
        for part in self.parts:
            found[part.role.rpartition(".")[0]][part.signature] += 1
        found.pop("", None)
        return list(found.values())


def uses(network: Network, manifest: Mapping[str, Any]) -> tuple[Use, ...]:
    """Every use of a block that has weights, in written order."""
    instances = (i for i in network.root.walk() if _height(i) < 2)
    blocks = {i.path: i.block for i in instances if i.block}
    owners = [_owner(layer.path, blocks) for layer in network.layers]
    places, above = names_there(network, manifest), ancestors(network)
    starts = branches(network)
    found: list[Use] = []
    for path, group in groupby(range(len(owners)), owners.__getitem__):
        numbers = [n for n in group if network.layers[n].weights]
        parts = tuple(_part(network.layers[n], path, manifest, places) for n in numbers)
        upstream = [
            {i for i, other in enumerate(numbers) if other in above[number]}
            for number in numbers
        ]
        twins = [
            {i for i in range(j) if starts[numbers[i]] == starts[number]}
            for j, number in enumerate(numbers)
        ]
        if parts:
            found.append(Use(blocks.get(path, ""), parts, upstream, twins))
    return tuple(found)


def signature(manifest: Mapping[str, Any], shapes: Mapping[str, Shape]) -> Signature:
    """Shapes by name, of what a target calls and orders as its manifest says.

    A 1x1 convolution is as a dense layer, a batch of one as what is in it. A filter
    for each channel may be a convolution with as many groups, of other axes in Keras.
    """
    return frozenset((name, _plain(manifest, shape)) for name, shape in shapes.items())


def _plain(manifest: Mapping[str, Any], shape: Shape) -> Shape:
    if len(shape) < 3:
        return shape or (1,)
    if len(shape) == 3 and shape[0] == 1:
        return shape[1:]  # tokens and position embeddings of a batch of one
    if set(shape[:-1]) == {1}:  # a factor per channel, channels last
        return shape[-1:]
    full, depthwise = (
        manifest["weights"][op]["weight"]["axes"] for op in ("conv", "depthwise_conv")
    )
    if full.endswith("height width") and shape[-2:] == (1, 1):
        return shape[:-2]  # of a factor per channel, too: (96, 1, 1)
    if full.endswith("height width"):
        return shape
    if shape[:2] == (1, 1):
        return shape[2:]
    split = "channel multiplier" in depthwise and "(" not in depthwise
    return (*shape[:2], 1, shape[2]) if split and shape[3:] == (1,) else shape


def _part(
    layer: NetworkLayer,
    path: str,
    manifest: Mapping[str, Any],
    places: Mapping[str, Named],
) -> Part:
    names = manifest["weights"][layer.op]
    shapes = {
        names[own]["name"]: places[f"{layer.path}.{own}"].shape for own in layer.weights
    }
    role = layer.path.removeprefix(path).removeprefix(".")
    own = signature(manifest, shapes)
    return Part(layer.path, shapes, own, layer, role)


def _height(instance: Instance) -> int:
    """How deeply blocks are nested in it."""
    steps = chain.from_iterable(instance.steps.values())
    return max((1 + _height(step.inner) for step in steps if step.inner), default=0)


def _owner(path: str, blocks: Mapping[str, str]) -> str:
    """The block that a layer stands in, or the layer itself."""
    words = path.split(".")
    found = (".".join(words[:n]) for n in range(1, len(words)))
    return next((owner for owner in found if owner in blocks), path)


def ancestors(network: Network) -> list[set[int]]:
    """Of each layer the numbers of those that it depends on."""
    found: list[set[int]] = []
    for layer in network.layers:
        sources = [source for source in layer.sources if source >= 0]
        found.append(set(sources).union(*(found[source] for source in sources)))
    return found


def branches(network: Network) -> list[Hashable]:
    """Of each layer the branch that it starts; equal are those that sum up the same."""
    reading = readers(network)
    return [_branch(network, n, reading) for n in range(len(network.layers))]


def readers(network: Network) -> Mapping[int, list[int]]:
    """The numbers of the layers that read each layer, or the input."""
    found: dict[int, list[int]] = defaultdict(list)
    for number, layer in enumerate(network.layers):
        for source in layer.sources:
            found[source].append(number)
    return found


def _branch(network: Network, start: int, readers: Mapping[int, list[int]]) -> Hashable:
    """Its sources, layers and the sum that it ends in; else the number itself."""
    number, primitives = start, list[str]()
    while len(readers[number]) == 1 and number not in network.outputs.values():
        layer = network.layers[number]
        if layer.op == "add":
            return network.layers[start].sources, number, *primitives
        if len(layer.sources) > 1:
            return start
        primitives.append(repr((layer.primitive, layer.inputs)))
        (number,) = readers[number]
    return start
