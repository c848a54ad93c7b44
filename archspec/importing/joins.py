"""Which layers belong into the branches of a structure, and which stay before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from string import ascii_lowercase
from typing import NamedTuple

from archspec.importing.draft import Layer, readers
from archspec.ops import JOINS

LONGEST = 4
"""Layers of a branch; a longer one stays in the list, and the branch refers to it."""


class Branch(NamedTuple):
    """A branch: what it starts from, and its own layers."""

    name: str
    start: Layer
    layers: tuple[Layer, ...] = ()


def branches(
    layers: Sequence[Layer], ends: Iterable[Layer]
) -> dict[Layer, list[Branch]]:
    """The branches of each structure among these layers."""
    readers_of = readers(layers)
    places = {layer: number for number, layer in enumerate(layers)}
    kept = set(ends)
    found: dict[Layer, list[Branch]] = {}
    for layer in layers:
        if layer.op in JOINS and len(layer.sources) > 1:
            chains = [
                _chain(source, readers_of, places, kept) for source in layer.sources
            ]
            found[layer] = _named(layer, chains, _kept(layer, chains))
    return found


def _chain(
    layer: Layer,
    readers_of: dict[Layer, list[Layer]],
    places: dict[Layer, int],
    kept: Collection[Layer],
) -> list[Layer]:
    """The layer and those before it that nothing else reads, first ones first."""
    found: list[Layer] = []
    while (
        layer in places
        and layer not in kept
        and len(readers_of[layer]) == 1
        and len(layer.sources) == 1
        and "columns" not in layer.said
    ):
        found.insert(0, layer)
        (layer,) = layer.sources
    return found


def _kept(join: Layer, chains: list[list[Layer]]) -> list[list[Layer]]:
    """What each branch keeps: the main one of a sum or product stays before it."""
    starts = {
        (chain[0].sources[0] if chain else source)
        for chain, source in zip(chains, join.sources, strict=True)
    }
    longest = chains[_main(chains)]
    parallel = join.op == "concat" and len(starts) == 1 and all(map(_short, chains))
    if parallel or join.op in ("attention", "linear_attention", "separable_attention"):
        return [chain if _short(chain) else [] for chain in chains]
    main_seen = False
    found: list[list[Layer]] = []
    for chain in chains:
        is_main = chain is longest and not main_seen
        main_seen |= is_main
        found.append([] if is_main or not _short(chain) else chain)
    return found


def _main(chains: Sequence[Sequence[Layer]]) -> int:
    """The main one of several chains: the longest, or last, that always runs."""
    return max(
        range(len(chains)), key=lambda n: (len(chains[n]), not _may_lack(chains[n]), n)
    )


def _may_lack(chain: Sequence[Layer]) -> bool:
    """Whether a layer of it is not always there, as in a shortcut."""
    return any("when" in layer.beside for layer in chain)


def _short(chain: Sequence[Layer]) -> bool:
    return len(chain) <= LONGEST


_NAMES = {"multiply": ("features", "weights"), "subtract": ("left", "right")}


def _named(
    join: Layer, chains: Sequence[Sequence[Layer]], kept: Sequence[Sequence[Layer]]
) -> list[Branch]:
    roles = JOINS[join.op].roles
    names: Sequence[str] = roles or _NAMES.get(join.op, ())
    if join.op == "add" and len(kept) == 2:
        names = ("shortcut", "main") if _main(chains) else ("main", "shortcut")
    if len(names) != len(kept):
        names = [f"{ascii_lowercase[n % 26]}{n // 26 or ''}" for n in range(len(kept))]
    found = [
        Branch(name, chain[0].sources[0] if chain else source, tuple(chain))
        for name, chain, source in zip(names, kept, join.sources, strict=True)
    ]
    return (
        sorted(found, key=lambda b: b.name == "shortcut") if join.op == "add" else found
    )
