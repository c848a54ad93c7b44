"""The nodes and constants of a model, and the part of one layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from archspec.network import NetworkLayer
from archspec.ops.shapes import is_map, is_sequence
from archspec.targets.unprintable import Unprintable

Array = np.ndarray[Any, Any]
Number = int | float | str | tuple[int, ...]

MAX_CONSTANTS = 2**27
"""Numbers in tables that layers compute: at most 1 GiB, of the 2 GiB of a file."""


@dataclass
class Graph:
    """The nodes and constants written so far.

    Paths of layers have no slash: names with one are free for tensors within a layer
    and for constants.
    """

    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    operators: dict[str, str] = field(default_factory=dict[str, str])
    """The operator that computes each tensor."""
    tensors: dict[str, onnx.TensorProto] = field(
        default_factory=dict[str, onnx.TensorProto]
    )
    reserved: int = 0
    """Numbers in constants that layers were about to compute."""

    def node(
        self, name: str, operator: str, inputs: list[str], *outputs: str, **more: Number
    ) -> None:
        """Add a node."""
        node = helper.make_node(operator, inputs, outputs, name)
        for key, value in sorted(more.items()):
            check(value)
            node.attribute.append(helper.make_attribute(key, value))
        self.nodes.append(node)
        self.operators |= dict.fromkeys(outputs, operator)

    def tensor(self, name: str, array: Array) -> str:
        """Add a tensor to the file, once; returns its name."""
        if name not in self.tensors:
            self.tensors[name] = numpy_helper.from_array(array, name)
        return name


@dataclass(frozen=True)
class Site:
    """The place in a graph where one layer is written.

    `inputs` and `output` are names of tensors; `weights` are the layer's own, in
    single precision. `home` is the path that begins their names and those of
    constants: that of the first layer with these weights.
    """

    graph: Graph
    layer: NetworkLayer
    inputs: tuple[str, ...]
    output: str
    weights: Mapping[str, Array]
    home: str

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the feature map that the layer reads."""
        _, height, width = self.layer.inputs[0]
        return height, width

    @property
    def of_maps(self) -> bool:
        """Whether the layer reads feature maps, (N, channels, height, width)."""
        return is_map(self.layer.inputs[0])

    @property
    def of_sequences(self) -> bool:
        """Whether the layer reads sequences, which are (N, length, channels)."""
        return is_sequence(self.layer.inputs[0])

    @property
    def channels(self) -> int:
        """The axis of the channels."""
        return 2 if self.of_sequences else 1

    @property
    def positions(self) -> tuple[int, ...]:
        """The axes of the positions."""
        return (2, 3) if self.of_maps else (1,)

    def reads(self, operator: str) -> bool:
        """Whether a node of this kind computes an input of the layer."""
        return any(self.graph.operators.get(x) == operator for x in self.inputs)

    def end(self, operator: str, *inputs: str, **attributes: Number) -> None:
        """The node whose output is the layer's; it has the layer's path as its name."""
        name = self.layer.path
        self.graph.node(name, operator, [*inputs], self.output, **attributes)

    def part(self, part: str, operator: str, *inputs: str, **attributes: Number) -> str:
        """An intermediate node; returns the name of its output."""
        name = f"{self.layer.path}/{part}"
        self.graph.node(name, operator, [*inputs], name, **attributes)
        return name

    def weight(self, name: str, shape: tuple[int, ...] | None = None) -> str:
        """One of the layer's weights, in another shape where the operator wants it."""
        array = self.weights[name]
        return self.stored(name, array if shape is None else array.reshape(shape))

    def stored(self, name: str, array: Array) -> str:
        """A weight as the operator wants it, in the file once for all runs."""
        return self.graph.tensor(f"{self.home}.{name}", array)

    def kernel(self, shape: tuple[int, ...] | None = None) -> list[str]:
        """`weight`, in another shape if one is given, and `bias` if there is one."""
        bias = [self.weight("bias")] if "bias" in self.weights else []
        return [self.weight("weight", shape), *bias]

    @property
    def along(self) -> tuple[int, ...]:
        """The shape of a number for each channel, to go with the input."""
        return (-1, 1, 1) if self.of_maps else (-1,)

    def reserve(self, count: int) -> None:
        """Call before constants are computed; raises Unprintable if they are large."""
        self.graph.reserved += count
        if self.graph.reserved > MAX_CONSTANTS:
            raise Unprintable(
                f"{self.graph.reserved:,} numbers in constants exceed the limit of "
                f"{MAX_CONSTANTS:,}"
            )

    def number(self, value: float) -> str:
        """A constant in single precision."""
        check(value)
        array = np.array(value, np.float32)
        return self.graph.tensor(f"number/{array:.9g}", array)

    def each(self, name: str, values: tuple[float, ...]) -> str:
        """A constant that is one number, or one for each channel of the input."""
        if len(values) == 1:
            return self.number(*values)
        for value in values:
            check(value)
        return self.constant(name, np.array(values, np.float32).reshape(self.along))

    def fill(self, value: float, count: int) -> str:
        """A constant with the same number `count` times."""
        array = np.full(count, value, np.float32)
        return self.graph.tensor(f"number/{value:g}_{count}", array)

    def matrix(self, name: str, values: Array) -> str:
        """A constant of this layer in single precision."""
        return self.constant(name, values.astype(np.float32))

    def constant(self, name: str, array: Array) -> str:
        """An array as a constant of the layer, or of its first run if that has it."""
        tensor = numpy_helper.from_array(array, f"{self.home}/{name}")
        if self.graph.tensors.setdefault(tensor.name, tensor) == tensor:
            return tensor.name
        return self.graph.tensor(f"{self.layer.path}/{name}", array)

    def whole(self, *values: int) -> str:
        """A list of whole numbers as a constant."""
        check(values)
        name = f"whole/{'_'.join(map(str, values))}"
        return self.graph.tensor(name, np.array(values, np.int64))


def check(value: Number) -> None:
    """Raise Unprintable for a number that does not fit the types that ONNX has."""
    if isinstance(value, tuple):
        for item in value:
            check(item)
    if isinstance(value, int) and abs(value) >= 2**63:
        raise Unprintable(f"{value} does not fit 64 bits")
    if isinstance(value, float):
        with np.errstate(over="ignore", under="ignore"):
            single = np.float32(value)
        if not np.isfinite(single) or bool(single) != bool(value):
            raise Unprintable(f"{value:g} is out of range in single precision")
