"""Which reader is for which file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from archspec.errors import InvalidArgument
from archspec.importing.building import Builder, Constant
from archspec.importing.graph import Graph
from archspec.importing.parts import End

Array = Any


MAX_SIZE, MAX_BATCH = 2**30, 2**16
"""The most numbers of an image, and images."""


class Program(Protocol):
    """What a file was read as, before it is a graph.

    `constants` are its weights, whatever reads them; `state` those that checkpoints
    have, by their names.
    """

    @property
    def name(self) -> str:
        """What the network is called, unless a user names it."""
        ...

    @property
    def constants(self) -> Mapping[str, Constant]: ...

    @property
    def state(self) -> Mapping[str, Array]: ...

    @property
    def surplus(self) -> Sequence[str]:
        """Names in a checkpoint that the model does not have."""
        ...

    @property
    def layers(self) -> Mapping[str, End]:
        """Where each of its layers ends that gives one tensor."""
        ...

    @property
    def end(self) -> str:
        """The layer that it ends with, if it is the part of a network."""
        ...

    def with_state(self, state: Mapping[str, Array], surplus: Sequence[str]) -> Program:
        """The same network with the weights of a checkpoint."""
        ...

    def until(self, layer: str) -> Program:
        """The part that ends with a layer; raises InvalidArgument."""
        ...


class Reader(NamedTuple):
    """The modules that read a kind of file; each needs a framework's package at most.

    `weights` reads checkpoints of such a model. `may_be_open` is whether such a file
    can leave the size of images open; `target` is the framework that writes it, "" if
    several do.
    """

    file: str
    graph: str
    weights: str = ""
    target: str = ""
    may_be_open: bool = False

    def program(self, path: Path, size: Sequence[int] = ()) -> Program:
        """What is in a file, for images of a size if the file leaves it open.

        Raises ImportFailed (AS701), and InvalidArgument for a size that is not open.
        """
        if not size:
            return self._function(self.file)(path)
        if not self.may_be_open:
            raise InvalidArgument(f"a {path.suffix} file says the size of its images")
        return self._function(self.file)(path, size)

    def state(self, path: Path, key: str) -> Mapping[str, Array]:
        """The arrays of a checkpoint, `key` of it; raises WeightsError (AS511)."""
        return self._function(self.weights)(path, key)

    def read(self, program: Program) -> tuple[Graph, Builder]:
        """The graph of a program; the builder has the gaps."""
        return self._function(self.graph)(program)

    def _function(self, module: str) -> Callable[..., Any]:
        return import_module(f"archspec.importing.{module}").read


READERS: Mapping[str, Reader] = {
    ".pt2": Reader("torch.archive", "torch.reading", "checkpoint", "torch"),
    ".onnx": Reader("onnx.file", "onnx.reading", may_be_open=True),
    ".keras": Reader(
        "keras.archive", "keras.reading", "keras.weights", "keras", may_be_open=True
    ),
}
"""By the suffix of the file."""
