"""How each layer is printed: of a class of the framework, of the file, or neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

from archspec.network import Network, NetworkLayer
from archspec.ops import Shape
from archspec.ops.window import Windowed
from archspec.targets.classes.modules import modules
from archspec.targets.file import File
from archspec.targets.functions.layers import layers
from archspec.targets.render import printed

FLAGS: Mapping[str, Any] = {}


class Read(NamedTuple):
    """A layer, and its form in the generated file.

    `code` is the expression that builds it, or none for a function, `own` says that it
    is of a class of the file. `flags` are what layers need of the file's helpers.
    """

    layer: NetworkLayer
    code: str = ""
    own: bool = False
    flags: Mapping[str, Any] = FLAGS

    @property
    def is_module(self) -> bool:
        """Whether it is a module of the framework itself."""
        return bool(self.code) and not self.own

    @property
    def input(self) -> Shape:
        """The shape of its first input."""
        return self.layer.inputs[0]

    @property
    def positions(self) -> int:
        """Positions of the output."""
        return prod(self.layer.output[1:])

    @property
    def parameters(self) -> int:
        """The weights that it trains, be they those of its first run."""
        weights = self.layer.weights_read.values()
        return sum(weight.size for weight in weights if weight.trainable)

    @property
    def padded(self) -> int:
        """Positions of the input, with the padding that a class of the file adds."""
        primitive, (_, *size) = self.layer.primitive, self.input
        if not (self.own and isinstance(primitive, Windowed)):
            return prod(size)
        height, width = size
        top, bottom, left, right = primitive.window.amounts((height, width))
        return (top + height + bottom) * (left + width + right)


def read(network: Network, target: str) -> Iterator[Read]:
    """The layers, as a target prints them; without a target, as no code.

    Raises:
        SpecError: the target does not support the network (AS4xx).
    """
    if not target:
        yield from map(Read, network.layers)
        return
    file = printed(network, target).file
    own, codes = {*file.manifest["helpers"]}, _codes(file)
    for layer in network.layers:
        code = codes.get(layer.first_run or layer.path, "")
        name = code.removeprefix("without(").partition("(")[0]
        yield Read(layer, code, name in own, file.flags)


def _codes(file: File) -> dict[str, str]:
    built = modules(file) if file.manifest["classes"] else layers(file)
    return {path: str(code) for path, code in built.items()}
