"""Plain orders: whole files that list each kind of layer as the network does.

A file may have all kernels before all norms. Within a chain each kind of layer has to
be in one order for the whole network: that of the spec or, in Keras, that of its
models, which list the layers farthest from the output first.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence

from archspec.network import INPUT, Network, NetworkLayer
from archspec.weights.adoption.readings import Share, Stored
from archspec.weights.adoption.uses import Part, Signature, Use
from archspec.weights.checkpoints import Checkpoint


def in_order(
    network: Network,
    uses: Sequence[Use],
    checkpoint: Checkpoint,
    units: Sequence[Stored],
) -> list[list[Share]]:
    """The units of each use, and their parts, for each order that the file is in."""
    parts = {part.name: part for use in uses for part in use.parts}
    found: list[dict[Stored, Part]] = []
    for order in _orders(network, checkpoint) if checkpoint.ordered else ():
        listed = [parts[layer.path] for layer in order if layer.weights]
        pairs = dict(_first_come(listed, units))
        if _is_sorted(pairs, listed) and pairs not in found:
            found.append(pairs)
    return [[_share(use, pairs) for use in uses] for pairs in found]


def _share(use: Use, pairs: dict[Stored, Part]) -> Share:
    numbers = {part: number for number, part in enumerate(use.parts)}
    own = {unit: numbers[part] for unit, part in pairs.items() if part in numbers}
    chains = tuple(unit.unit.chain for unit in own)
    return Share(tuple(own), chains, tuple(own.values()))


def _orders(
    network: Network, checkpoint: Checkpoint
) -> Iterator[Sequence[NetworkLayer]]:
    yield network.layers
    if not checkpoint.is_nested:
        # An activation or a padding may be any number of layers in the model.
        yield _from_the_farthest(network, lambda layer: True)
        yield _from_the_farthest(network, lambda layer: bool(layer.weights))


def _from_the_farthest(
    network: Network, counts: Callable[[NetworkLayer], bool]
) -> Sequence[NetworkLayer]:
    """Layers by their distance from the output, the farthest first."""
    distances = [0] * len(network.layers)
    for number, layer in reversed([*enumerate(network.layers)]):
        distance = distances[number] + counts(layer)
        for source in filter(INPUT.__lt__, layer.sources):
            distances[source] = max(distances[source], distance)
    numbers = sorted(range(len(distances)), key=lambda number: -distances[number])
    return [network.layers[number] for number in numbers]


def _first_come(
    parts: Sequence[Part], units: Sequence[Stored]
) -> Iterator[tuple[Stored, Part]]:
    """Each unit with the next part of its shapes."""
    waiting: dict[Signature, deque[Part]] = defaultdict(deque)
    for part in parts:
        waiting[part.signature].append(part)
    return ((unit, waiting[unit.signature].popleft()) for unit in units)


def _is_sorted(pairs: dict[Stored, Part], order: Sequence[Part]) -> bool:
    """Whether each chain has each kind of layer in this order."""
    places = {part: place for place, part in enumerate(order)}
    lists: dict[tuple[str, str], list[int]] = defaultdict(list)
    homes: dict[Signature, set[str]] = defaultdict(set)
    for unit, part in pairs.items():
        lists[unit.unit.chain, part.kind].append(places[part])
        homes[part.signature].add(unit.unit.chain)
    sure = all(len(chains) == 1 for chains in homes.values())
    return sure and all(found == sorted(found) for found in lists.values())
