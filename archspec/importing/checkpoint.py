"""A user's own weights for the model that is imported, however they were saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import Diagnostic, ImportFailed, did_you_mean
from archspec.importing.readers import Program
from archspec.weights.checkpoints import opened

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]

_WRAPPERS = "module.", "model.", "_orig_mod.", "net."
"""What training code puts before every name of a state dict."""


def read(path: Path, key: str) -> Arrays:
    """The arrays of a checkpoint of PyTorch; raises WeightsError (AS511, AS514)."""
    with opened(path, key) as checkpoint:
        return checkpoint.arrays()


def fitted(program: Program, found: Arrays, said: str) -> Program:
    """The program with the arrays of a checkpoint.

    Raises ImportFailed (AS705) where names or shapes differ.
    """
    state = program.state
    named = next(_renamed(state, found), found)
    counters = {n: a for n, a in state.items() if n.endswith("num_batches_tracked")}
    arrays = {**counters, **named}
    faults = [*_missing(state, arrays), *_other_shapes(state, arrays, said)]
    if faults:
        raise ImportFailed.most(faults)
    surplus = [name for name in arrays if name not in state]
    return program.with_state({name: arrays[name] for name in state}, surplus)


def classes_of(state: Arrays, found: Arrays, axis: int) -> int | None:
    """How many classes a checkpoint has, where that is all that differs.

    They are along this axis of weights, the first or the last.
    """
    named = next(_renamed(state, found), found)
    other = {
        (state[name].shape, array.shape)
        for name, array in named.items()
        if name in state and state[name].shape != array.shape
    }
    counts = {(ours[axis], theirs[axis]) for ours, theirs in other if ours and theirs}
    rest = slice(1, None) if axis == 0 else slice(0, -1)
    rests = all(ours[rest] == theirs[rest] for ours, theirs in other)
    if len(counts) != 1 or not rests:
        return None
    ((_, classes),) = counts
    return classes


def _renamed(state: Arrays, found: Arrays) -> Iterator[Arrays]:
    """The arrays without the words that all names begin with, where that helps."""
    starts = ["", *_WRAPPERS, *("".join(both) for both in product(_WRAPPERS, repeat=2))]
    for start in starts:
        own = {name.removeprefix(start): a for name, a in found.items()}
        if all(name.startswith(start) for name in found) and _known(state, own):
            yield own


def _known(state: Arrays, found: Arrays) -> bool:
    return sum(name in state for name in found) > len(state) / 2


def _missing(state: Arrays, arrays: Arrays) -> Iterator[Diagnostic]:
    for name in state:
        if name not in arrays:
            message = f"the checkpoint has no '{name}'"
            help = did_you_mean(name, arrays.keys() - state.keys())
            yield Diagnostic("AS705", message, help=help)


def _other_shapes(state: Arrays, arrays: Arrays, said: str) -> Iterator[Diagnostic]:
    for name, array in state.items():
        theirs = arrays[name].shape if name in arrays else array.shape
        if theirs != array.shape:
            message = (
                f"'{name}' is {theirs} in the checkpoint, but {array.shape} in {said}"
            )
            help = "--call gives the arguments that it was made with: 'num_classes=10'"
            yield Diagnostic("AS705", message, help=help)
