"""Plain orders: whole files that list each kind of layer as the network does.

A file may have all kernels before all norms. Within a chain each of the two kinds has
to be in one order for the whole network: that of the spec or, in Keras, that of its
models, which list first what is farthest from the output.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence

from archspec.network import INPUT, Network, NetworkLayer
from archspec.weights.adoption.readings import Stored
from archspec.weights.adoption.uses import Part, Signature, Use
from archspec.weights.checkpoints import Checkpoint

Pairs = dict[str, Stored]
"""The unit of each layer, by the layer's path."""


def in_order(
    network: Network,
    uses: Sequence[Use],
    checkpoint: Checkpoint,
    units: Sequence[Stored],
) -> list[Pairs]:
    """All the pairings in which the file is in one of these orders."""
    parts = {part.name: part for use in uses for part in use.parts}
    found: list[Pairs] = []
    for order in _orders(network, checkpoint) if checkpoint.ordered else ():
        listed = [parts[layer.path] for layer in order if layer.weights]
        matched = list(_first_come(listed, units))
        pairs = {part.name: unit for unit, part in matched}
        if _is_sorted(matched, listed) and pairs not in found:
            found.append(pairs)
    return found


def _orders(
    network: Network, checkpoint: Checkpoint
) -> Iterator[Sequence[NetworkLayer]]:
    yield network.layers
    if checkpoint.target == "keras":
        # How many layers an activation or a padding is in the model, nobody knows.
        yield _from_the_farthest(network, lambda layer: True)
        yield _from_the_farthest(network, lambda layer: bool(layer.weights))


def _from_the_farthest(
    network: Network, counts: Callable[[NetworkLayer], bool]
) -> Sequence[NetworkLayer]:
    """Layers by how many others are between them and the output, the most first."""
    distances = [0] * len(network.layers)
    for number, layer in reversed([*enumerate(network.layers)]):
        distance = distances[number] + counts(layer)
        for source in filter(INPUT.__ne__, layer.sources):
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


def _is_sorted(pairs: Sequence[tuple[Stored, Part]], order: Sequence[Part]) -> bool:
    """Whether each chain has each kind of layer in this order."""
    places = {part.name: place for place, part in enumerate(order)}
    lists: dict[tuple[str, bool], list[int]] = defaultdict(list)
    homes: dict[Signature, set[str]] = defaultdict(set)
    for unit, part in pairs:
        lists[unit.unit.chain, part.is_linear].append(places[part.name])
        homes[part.signature].add(unit.unit.chain)
    sure = all(len(chains) == 1 for chains in homes.values())
    return sure and all(found == sorted(found) for found in lists.values())
