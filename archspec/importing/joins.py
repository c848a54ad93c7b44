"""Which layers belong into the branches of a structure, and which stay before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain as chained
from string import ascii_lowercase
from typing import NamedTuple

from archspec.importing.draft import Layer, readers
from archspec.ops import JOINS

LONGEST = 4
"""Layers of a branch; a longer one stays in the list, and the branch refers to it."""
FEWEST = 3
"""Runs of a series; fewer are layers by themselves."""


class Branch(NamedTuple):
    """A branch: what it starts from, and its own layers.

    Of a series it has the first run; `runs` are all of them.
    """

    name: str
    start: Layer
    layers: tuple[Layer, ...] = ()
    runs: tuple[Layer, ...] = ()


class _Series(list[Layer]):
    """Layers that say the same; each reads the one before, and all are joined."""


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
            parts = _parts(layer, readers_of, kept)
            chains = [
                part if len(part) > 1 else _chain(part[0], readers_of, places, kept)
                for part in parts
            ]
            sources = [part[-1] for part in parts]
            found[layer] = _named(layer, sources, chains, _kept(layer, sources, chains))
    return found


def _parts(
    join: Layer, readers_of: dict[Layer, list[Layer]], kept: Collection[Layer]
) -> list[_Series]:
    """What is joined, the runs of a series together."""
    found: list[_Series] = []
    for layer in join.sources:
        if found and _is_next(layer, found[-1][-1], join, readers_of):
            found[-1].append(layer)
        else:
            found.append(_Series([layer]))
    parts = (
        [run] if _is_series(run, join, readers_of, kept) else map(_alone, run)
        for run in found
    )
    return list(chained.from_iterable(parts))


def _alone(layer: Layer) -> _Series:
    return _Series([layer])


def _is_series(
    run: _Series,
    join: Layer,
    readers_of: dict[Layer, list[Layer]],
    kept: Collection[Layer],
) -> bool:
    is_hidden = readers_of[run[-1]] == [join] and not any(n in kept for n in run)
    return len(run) >= FEWEST and is_hidden and len(run[0].sources) == 1


def _is_next(
    layer: Layer, before: Layer, join: Layer, readers_of: dict[Layer, list[Layer]]
) -> bool:
    """Whether a layer does to what is before it what that did, of the same shape."""
    is_alike = (layer.op, layer.said) == (before.op, before.said)
    nodes = layer.node, before.node
    shapes = {None if node is None else node.shape for node in nodes}
    is_seen = {*readers_of[before]} != {layer, join}
    is_plain = not layer.beside and not before.beside and layer.op not in JOINS
    is_even = len(shapes) == 1  # no framework has series that change channels
    is_next = layer.sources == (before,) and not is_seen
    return is_next and is_alike and is_plain and is_even


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


def _kept(
    join: Layer, sources: Sequence[Layer], chains: list[list[Layer]]
) -> list[list[Layer]]:
    """What each branch keeps: the main one of a sum or product stays before it."""
    starts = {
        (chain[0].sources[0] if chain else source)
        for chain, source in zip(chains, sources, strict=True)
    }
    longest = chains[_main(chains)]
    parallel = join.op == "concat" and len(starts) == 1 and all(map(_short, chains))
    if parallel or join.op in ("attention", "linear_attention", "separable_attention"):
        return [chain if _short(chain) else [] for chain in chains]
    main_seen = False
    found: list[list[Layer]] = []
    for chain in chains:
        is_series = isinstance(chain, _Series)
        is_main = chain is longest and not main_seen and not is_series
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
    return len(chain) <= LONGEST or isinstance(chain, _Series)


_NAMES = {"multiply": ("features", "weights"), "subtract": ("left", "right")}


def _named(
    join: Layer,
    sources: Sequence[Layer],
    chains: Sequence[Sequence[Layer]],
    kept: Sequence[Sequence[Layer]],
) -> list[Branch]:
    roles = JOINS[join.op].roles
    names: Sequence[str] = roles or _NAMES.get(join.op, ())
    if join.op == "add" and len(kept) == 2:
        names = ("shortcut", "main") if _main(chains) else ("main", "shortcut")
    if len(names) != len(kept):
        names = [f"{ascii_lowercase[n % 26]}{n // 26 or ''}" for n in range(len(kept))]
    found = [
        _branch(name, chain, source)
        for name, chain, source in zip(names, kept, sources, strict=True)
    ]
    return (
        sorted(found, key=lambda b: b.name == "shortcut") if join.op == "add" else found
    )


def _branch(name: str, chain: Sequence[Layer], source: Layer) -> Branch:
    start = chain[0].sources[0] if chain else source
    if isinstance(chain, _Series):
        return Branch(name, start, (chain[0],), tuple(chain))
    return Branch(name, start, tuple(chain))
