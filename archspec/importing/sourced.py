"""What a spec says of the model that it was made of, so that `adopt` knows it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, groupby
from typing import Any, NamedTuple

import numpy as np

from archspec.errors import WeightsError
from archspec.importing.trial import Accepted
from archspec.network import Network
from archspec.weights.adoption import correspondence, weights_of
from archspec.weights.checkpoints import Checkpoint, of_state

Array = Any
Names = Mapping[str, str]


class Sourced(NamedTuple):
    """The `source` of a spec, empty if there is nothing to say, and notes."""

    source: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def sourced(found: Accepted, state: Mapping[str, Array], title: str) -> Sourced:
    """The title of a spec's source, and the names that `adopt` has to be told.

    Other checkpoints of the model have the names and shapes of `state`, in its order or
    sorted. Only the layers that `adopt` would match wrongly by itself need names, and
    most models have none of these.
    """
    about: dict[str, Any] = {"title": title} if title else {}
    used = {tensor.name for tensor in found.tensors.values()}
    arrays = {name: array for name, array in state.items() if name in used}
    is_made = any(tensor.made_of for tensor in found.tensors.values())
    if is_made or not arrays or len(arrays) < len(used):
        return Sourced(about)  # a file, or weights that no checkpoint has
    listed = of_state(arrays)
    files = listed, of_state(dict(sorted(arrays.items())))._replace(ordered=False)
    truth = _truth(found, listed)
    names = _needed(found.network, files, truth)
    if not truth or names is None:
        note = "weights adopt cannot tell the layers of its checkpoints"
        return Sourced(about, (f"{note}: import --checkpoint reads them",))
    if names:
        about = {"title": title or found.network.name, "names": names}
    return Sourced(about, tuple(_changed(found, listed, truth)))


def _needed(
    network: Network, files: Collection[Checkpoint], truth: Names
) -> Names | None:
    """The names without which a file is not matched; None if all do not suffice."""

    def is_clear(paths: Collection[str]) -> bool:
        named = {path: truth[path] for path in paths}
        return all(_adopted(network, file, named) == truth for file in files)

    if is_clear(()):
        return {}
    needed = list(truth)
    if not is_clear(needed):
        return None
    for group in chain.from_iterable(_groups(truth, depth) for depth in (1, 2, 3, 99)):
        fewer = [path for path in needed if path not in group]
        needed = fewer if is_clear(fewer) else needed
    return {path: truth[path] for path in needed}


def _groups(paths: Iterable[str], depth: int) -> Iterator[set[str]]:
    """The layers whose paths begin with the same words."""
    for _, group in groupby(paths, lambda path: path.split(".")[:depth]):
        yield set(group)


def _truth(found: Accepted, checkpoint: Checkpoint) -> dict[str, str]:
    """The unit of each layer by name; empty where a file has them in another form."""
    owners = {t.name: u.name for u in checkpoint.units for t in u.tensors.values()}
    if not owners.keys() >= {tensor.name for tensor in found.tensors.values()}:
        return {}
    return {
        name.rpartition(".")[0]: owners[tensor.name]
        for name, tensor in found.tensors.items()
    }


def _adopted(network: Network, checkpoint: Checkpoint, names: Names) -> Names:
    """The unit of each layer by name, as `adopt` finds them; empty if it does not."""
    try:
        units = correspondence(network, checkpoint, names=names)
    except WeightsError:
        return {}
    return {path: unit.name for path, unit in units.items()}


def _changed(found: Accepted, checkpoint: Checkpoint, truth: Names) -> Iterator[str]:
    """A note where a layer has other numbers than the file, or in another order."""
    units = {unit.name: unit for unit in checkpoint.units}
    own = {path: units[name] for path, name in truth.items()}
    arrays = weights_of(found.network, checkpoint, own)
    other = [
        tensor.name
        for name, tensor in found.tensors.items()
        if not np.array_equal(tensor.array, arrays[name])
    ]
    if other:
        yield (
            f"weights adopt would leave '{other[0]}' as it is in a checkpoint, which "
            "this network has changed: import --checkpoint reads them"
        )
