"""What a process is asked to do, and the files by which arrays travel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

Arrays = Mapping[str, np.ndarray[Any, Any]]
Precision = Literal["float64", "float32"]
Task = Literal["build", "run", "train", "save", "read"]


class Order(NamedTuple):
    """One task: build a module, give it weights, do something with it.

    `task` is `build` (and no more), `run` (write the output of every layer), `train`
    (write gradients, and the weights after one step), `save` (write a checkpoint of the
    framework's own) or `read` (write the weights of such a checkpoint).

    Weights have the target's names and axes, images and outputs have channels first.
    `layers` has, for each layer to report, the layer before it (None for several);
    `blocks` the last layer of each block; `tensors` what ONNX calls a layer's output.
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

    def run(self, images: np.ndarray[Any, Any], order: Order) -> Arrays:
        """The outputs, each as `output:NAME`, and the layers', each by its path."""
        ...

    def train(self, images: np.ndarray[Any, Any], cotangents: Arrays) -> Arrays:
        """One step without dropout: `gradient:NAME` and `after:NAME` of each weight.

        The loss is the sum of the outputs times the cotangents; see LEARNING_RATE.
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


def named(outputs: Any) -> dict[str, Any]:
    """A model's outputs by name; one without a name by ""."""
    return dict(outputs) if isinstance(outputs, dict) else {"": outputs}  # pyright: ignore


def write_arrays(path: str | Path, arrays: Arrays) -> None:
    """Arrays with any names: an npz file cannot have slashes in its own."""
    names = np.array(list(arrays), dtype=np.str_)
    numbered = {str(number): array for number, array in enumerate(arrays.values())}
    np.savez(path, names=names, **numbered)  # pyright: ignore[reportArgumentType]


def read_arrays(path: str | Path) -> Arrays:
    """What `write_arrays` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return {str(name): file[str(n)] for n, name in enumerate(file["names"])}
