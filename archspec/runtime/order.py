"""What a process is asked to do, and the files by which arrays travel."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from os import SEEK_END
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

Arrays = Mapping[str, np.ndarray[Any, Any]]
Images = Sequence[np.ndarray[Any, Any]]
"""What each input is given."""
Keep = Callable[[str, np.ndarray[Any, Any]], None]
"""Takes an array by its name, and copies it at once."""
KeepTensor = Callable[[str, Any], None]
"""Takes a tensor of a framework."""
Precision = Literal["float64", "float32"]
Task = Literal["build", "run", "train", "save", "read", "export", "time"]


_NUMBER = 8
"""Bytes of a position in a file."""


class Order(NamedTuple):
    """One task: build a module, give it weights, do something with it.

    `task` is `build` (and no more), `run` (write the output of every layer), `train`
    (write gradients, and the weights after one step), `save` (write a checkpoint of the
    framework's own), `read` (write the weights of such a checkpoint) or `time`: the
    first order builds, each further one measures a round, and one with a `result`
    writes the seconds of all rounds, see `timing`.

    Weights have the target's names and axes, images and outputs have channels first.
    `layers` has, for each layer to report, the layer before it (None for several);
    `blocks` the last layer of each block; `tensors` what ONNX calls a layer's output.
    `later_runs` has, for each layer and use of a block that runs again, the paths of
    its second run and all others.
    """

    task: Task
    module: str
    name: str
    result: str
    precision: Precision = "float32"
    weights: str = ""
    images: str = ""
    checkpoint: str = ""
    layers: Mapping[str, str | None] = {}
    blocks: Mapping[str, str] = {}
    tensors: Mapping[str, str] = {}
    later_runs: Mapping[str, Sequence[str]] = {}
    threads: int = 1


class Timed(Protocol):
    """A model with its inputs."""

    def run(self) -> object:
        """Compute the outputs."""
        ...

    def run_watched(self) -> None:
        """Compute them while seconds are noted, if layers can be told apart."""
        ...

    def layers(self) -> Mapping[str, Sequence[float]]:
        """The seconds of each layer in each watched run, by the paths in the network.

        A layer that is not among them is in the time of a neighbour.
        """
        ...


class Model(Protocol):
    """A module that was built, and what can be asked of it."""

    lines: dict[str, int]
    """Where in its file each layer is made."""
    shapes: dict[str, tuple[int, ...]]
    """The weights that it has."""

    def load(self, weights: Arrays) -> None:
        """Give it weights by their names; raises ValueError if they do not fit.

        Not asked of a file that has its weights in it.
        """
        ...

    def run(self, images: Images, order: Order, keep: Keep) -> None:
        """Keep the layers' outputs by their paths, and the outputs as `output:NAME`.

        Where a block returns something else than its last layer's output, that is
        `LAYER>BLOCK`. Raises LayerFailed.
        """
        ...

    def timed(self, images: Images, order: Order) -> Timed:
        """Itself with these inputs, to be run again and again."""
        ...

    def export(self, images: Images, path: Path) -> None:
        """Write its graph, with the framework's suffix; `images` may be empty."""
        ...

    def train(self, images: Images, cotangents: Arrays, keep: Keep) -> None:
        """One step without dropout: `gradient:NAME` and `after:NAME` of each weight.

        The loss is the sum of the outputs times the cotangents; see LEARNING_RATE. Also
        `dropout:LAYER`, what each layer that drops makes of `dropout_ones`.
        """
        ...


class Checkpointed(Model, Protocol):
    """A model whose own files only it can write and read, as those of Keras."""

    def save(self, path: Path) -> None:
        """Write the weights in the framework's own format."""
        ...

    def read(self, path: Path) -> Arrays:
        """The weights of a file of the framework's own format."""
        ...


LEARNING_RATE = 0.125
"""Of the step of plain SGD; a power of two, which both precisions can say."""


def dropout_ones(rank: int = 2) -> np.ndarray[Any, Any]:
    """Ones of two channels, so many samples that a layer does not drop all of them."""
    return np.ones((2**14, 2, *(1,) * (rank - 2)))


def canonical(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A tensor of PyTorch or ONNX, whose sequences are (N, L, C), channels first."""
    return np.moveaxis(array, -1, 1) if array.ndim == 3 else array


def laid_out(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The reverse of `canonical`."""
    return np.moveaxis(array, 1, -1) if array.ndim == 3 else array


def named(outputs: Any, name: str = "") -> dict[str, Any]:
    """A model's outputs by name; one without a name by "", those of lists by number."""
    if outputs is None:
        return {}
    if not isinstance(outputs, (dict, list, tuple)):
        return {name: outputs}
    inner: Any = outputs.items() if isinstance(outputs, dict) else enumerate(outputs)  # pyright: ignore
    found = (named(each, f"{name}.{key}" if name else str(key)) for key, each in inner)
    return {key: each for part in found for key, each in part.items()}


_INPUT = "input:"


def as_inputs(images: Images) -> dict[str, np.ndarray[Any, Any]]:
    """The network's inputs in their order, by names that nothing else has."""
    return {f"{_INPUT}{number}": array for number, array in enumerate(images)}


def inputs_of(arrays: Arrays) -> tuple[list[np.ndarray[Any, Any]], Arrays]:
    """The network's inputs among arrays, and the other arrays."""
    others = {n: a for n, a in arrays.items() if not n.startswith(_INPUT)}
    count = len(arrays) - len(others)
    return [arrays[f"{_INPUT}{number}"] for number in range(count)], others


@contextmanager
def array_file(path: str | Path) -> Generator[Keep]:
    """A file that is written array by array, so that none has to stay in memory.

    They follow each other as in `.npy` files; then come their positions, as JSON, and
    the position of these. What was kept before an exception can be read.
    """
    starts: dict[str, int] = {}
    with Path(path).open("wb") as file:

        def keep(name: str, array: np.ndarray[Any, Any]) -> None:
            starts[name] = file.tell()
            np.lib.format.write_array(file, array, allow_pickle=False)

        try:
            yield keep
        finally:
            end = file.tell()
            file.write(json.dumps(starts).encode())
            file.write(end.to_bytes(_NUMBER))


def write_arrays(path: str | Path, arrays: Arrays) -> None:
    """Write arrays with any names."""
    with array_file(path) as keep:
        for name, array in arrays.items():
            keep(name, array)


class ArrayFile(Arrays):
    """What `array_file` wrote; an array is read whenever it is asked for."""

    def __init__(self, path: str | Path):
        self._path = Path(path)
        with self._path.open("rb") as file:
            end = file.seek(-_NUMBER, SEEK_END)
            start = int.from_bytes(file.read(_NUMBER))
            file.seek(start)
            self._starts: dict[str, int] = json.loads(file.read(end - start))

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        with self._path.open("rb") as file:
            file.seek(self._starts[name])
            return np.lib.format.read_array(file, allow_pickle=False)

    def __contains__(self, name: object) -> bool:
        return name in self._starts

    def __iter__(self) -> Iterator[str]:
        return iter(self._starts)

    def __len__(self) -> int:
        return len(self._starts)

    def renamed(self, name: str, new: str) -> ArrayFile:
        """The same arrays, one of them under a new name if it is there."""
        found = copy(self)
        found._starts = {new if n == name else n: p for n, p in self._starts.items()}
        return found
