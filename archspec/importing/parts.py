"""The part of a model before a layer of it, as far as it can be told from its calls.

What a module gives is the one tensor of its own that others read. Where a module runs
several times, its last run counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from archspec.errors import InvalidArgument, did_you_mean
from archspec.importing.graph import Scope

Name = Hashable
"""What a source calls a tensor."""


class Step(NamedTuple):
    """A call: the tensors that it reads and writes, and the modules around it."""

    reads: Sequence[Name]
    writes: Sequence[Name]
    scopes: tuple[Scope, ...]


class End(NamedTuple):
    """Where a part ends: after a call, with a tensor."""

    call: int
    tensor: Name


def ends(steps: Sequence[Step], outputs: Iterable[Name]) -> dict[str, End]:
    """Where each module ends that gives one tensor, by its path; first ones first."""
    last_read: dict[Name, int] = {}
    for number, step in enumerate(steps):
        last_read |= dict.fromkeys(step.reads, number)
    last_read |= dict.fromkeys(outputs, len(steps))
    found: dict[str, End] = {}
    for path, run in _runs(steps).items():
        given = dict.fromkeys(chain.from_iterable(steps[n].writes for n in run))
        read = [tensor for tensor in given if last_read.get(tensor, -1) > run[-1]]
        if len(read) == 1:
            found[path] = End(run[-1], read[0])
    order = sorted(found.items(), key=lambda each: (each[1].call, each[0].count(".")))
    return dict(order)


def _runs(steps: Sequence[Step]) -> dict[str, list[int]]:
    """The calls of the last run of each module."""
    found: dict[str, list[int]] = {}
    inside = (
        (number, path)
        for number, step in enumerate(steps)
        for path in {scope.path for scope in step.scopes}
    )
    for number, path in inside:
        if found.get(path, [-2])[-1] != number - 1:
            found[path] = []
        found[path].append(number)
    return found


def needed(steps: Sequence[Step], end: End) -> tuple[list[int], set[Name]]:
    """The calls that a part consists of, in order, and all tensors that they read."""
    wanted: set[Name] = {end.tensor}
    calls: list[int] = []
    for number in range(end.call, -1, -1):
        if not wanted.isdisjoint(steps[number].writes):
            calls.append(number)
            wanted.update(steps[number].reads)
    return calls[::-1], wanted


def chosen(known: Mapping[str, End], layer: str) -> End:
    """The end of a part by what a user calls its last layer; raises InvalidArgument."""
    if layer in known:
        return known[layer]
    help = did_you_mean(layer, known)
    message = f"the model has no layer '{layer}' that gives one tensor"
    raise InvalidArgument("; ".join(filter(None, (message, help))))


def distinct(known: Mapping[str, End]) -> list[str]:
    """One name for each end, the outermost, in order."""
    found: dict[End, str] = {}
    for path, end in known.items():
        found.setdefault(end, path)
    return [found[end] for end in sorted(found, key=lambda end: end.call)]
