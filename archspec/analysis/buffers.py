"""Where the outputs of layers are in memory, and when.

Layers run in the order written. While one runs, its inputs, its output and all that
later layers or the network's outputs still read are alive, and the matrix of scores of
an attention.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from math import prod
from typing import Literal, NamedTuple

from archspec.network import INPUT, Network, NetworkLayer
from archspec.ops import JOINS, Op
from archspec.ops.pointwise import Activation
from archspec.ops.window import Windowed

ALIGNMENT = 16
"""Bytes; each buffer of LiteRT Micro begins at a multiple of it."""


class Buffer(NamedTuple):
    """A size, and the first and the last step in which it is needed."""

    size: int
    first: int
    last: int


class Lifetime(NamedTuple):
    """What a buffer is for, and when it is needed, as in `Buffer`.

    It holds the input or output with this number, what is padded before this layer, or
    the scores of its attention.
    """

    kind: Literal["input", "output", "padded", "scores"]
    number: int
    first: int
    last: int


class Peak(NamedTuple):
    """The most numbers that are alive at once, and the path of the layer that runs."""

    numbers: int
    layer: str


class Buffers(NamedTuple):
    """Which outputs are in the buffer of another layer, by numbers of layers.

    `padded` are the sizes of inputs of layers that are padded in a step before.
    """

    network: Network
    shared: Mapping[int, int]
    padded: Mapping[int, int] = {}

    @classmethod
    def as_written(cls, network: Network) -> Buffers:
        """Each layer has its own."""
        return cls(network, {})

    @classmethod
    def fused(cls, network: Network, *, joins: bool = False) -> Buffers:
        """What can be done within the buffer of the layer before it is.

        That is what compilers do with a batch norm and an activation which alone read a
        convolution. With `joins`, sums and products are written over an input, too.
        """
        return cls(network, shared(network, lambda op, _: op.in_place, joins=joins))

    @classmethod
    def litert(cls, network: Network) -> Buffers:
        """What the kernels of LiteRT do in one step.

        They apply no activation but ReLU and ReLU6, and pad as `same` or not at all.
        """
        padded = {
            number: size
            for number, layer in enumerate(network.layers)
            if (size := padded_size(layer))
        }
        return cls(network, shared(network, _is_in_kernel), padded)

    def peak(self, *, scores: bool = True) -> Peak:
        """The most that is alive at once, with the `scores` of attention or without."""
        layers = self.network.layers
        numbers = alive(self.buffers(1, scores=scores), len(layers))
        most = max(range(2 * len(layers)), key=numbers.__getitem__)
        return Peak(numbers[most], layers[most // 2].path)

    def buffers(self, width: int, *, scores: bool = True) -> list[Buffer]:
        """All that is needed, of numbers of so many bytes; a layer has two steps."""
        return [
            Buffer(width * self._size(found), found.first, found.last)
            for found in self.lifetimes(scores=scores)
        ]

    def lifetimes(self, *, scores: bool = True) -> Iterator[Lifetime]:
        """What is needed when; the sizes matter only where they are 0."""
        last = self._last_steps()
        for number in range(len(self.network.inputs)):
            yield Lifetime("input", number, 0, last[INPUT - number])
        for number, layer in enumerate(self.network.layers):
            step = 2 * number + 1
            if number not in self.shared:
                yield Lifetime("output", number, step, last[number])
            if number in self.padded:
                yield Lifetime("padded", number, step - 1, step)
            if scores and layer.scratch:
                yield Lifetime("scores", number, step, step)

    def _size(self, lifetime: Lifetime) -> int:
        kind, number, _, _ = lifetime
        if kind == "padded":
            return self.padded[number]
        if kind == "scores":
            return self.network.layers[number].scratch
        source = number if kind == "output" else INPUT - number
        return prod(self.network.shape(source))

    def _last_steps(self) -> dict[int, int]:
        """The last step that reads each buffer; outputs outlive all layers."""
        last: dict[int, int] = {}
        for source, number in last_uses(self.network).items():
            own = self.shared.get(source, source)
            step = 2 * number + (number not in self.padded)
            last[own] = max(step, last.get(own, step))
        return last


def alive(buffers: Iterable[Buffer], layers: int) -> list[int]:
    """How much is alive in each of the two steps of so many layers, and at the end."""
    changes = [0] * (2 * layers + 3)
    for size, first, last in buffers:
        changes[first] += size
        changes[last + 1] -= size
    return [*accumulate(changes)]


def arena(buffers: Iterable[Buffer]) -> int:
    """The length of a block in which all have a place when they are needed.

    The largest is placed first, of equal ones the last, each at the lowest place that
    no other takes at the same time, as the planner of LiteRT Micro does ("greedy by
    size" in Pisarchyk and Lee 2020, Efficient Memory Management for Deep Neural Net
    Inference).
    """
    placed: list[tuple[int, Buffer]] = []
    for buffer in sorted(map(_aligned, buffers), reverse=True):
        insort(placed, (_lowest(buffer, placed), buffer))
    return max((start + buffer.size for start, buffer in placed), default=0)


def _aligned(buffer: Buffer) -> Buffer:
    return buffer._replace(size=-(-buffer.size // ALIGNMENT) * ALIGNMENT)


def _lowest(buffer: Buffer, placed: Iterable[tuple[int, Buffer]]) -> int:
    """Where there is room while the buffer is needed; `placed` are in order."""
    start = 0
    for begin, other in placed:
        if other.last < buffer.first or buffer.last < other.first:
            continue
        if begin - start >= buffer.size:
            break
        start = max(start, begin + other.size)
    return start


def shared(
    network: Network, fits: Callable[[Op, Op], bool], *, joins: bool = False
) -> dict[int, int]:
    """The layers whose outputs are in the buffer of another layer.

    They are views, and layers that alone read another one if `fits(op, before)`. With
    `joins`, also sums and products, in the buffer of an input.
    """
    readers = Counter(s for layer in network.layers for s in layer.sources)
    readers.update(network.outputs.values())
    last = last_uses(network)

    def is_alone(op: Op, source: int) -> bool:
        return readers[source] == 1 and fits(op, network.layers[source].primitive)

    found: dict[int, int] = {}
    for number, layer in enumerate(network.layers):
        source, op = layer.sources[0], layer.primitive
        is_over_input = joins and op.elementwise and layer.op in JOINS
        if is_over_input:
            source = _overwritten(layer, number, last)
        if source > INPUT and (is_over_input or op.is_view or is_alone(op, source)):
            found[number] = found.get(source, source)
    return found


def last_uses(network: Network) -> dict[int, int]:
    """The last layer that reads each input and layer; outputs outlive all layers."""
    reads = {
        source: number
        for number, layer in enumerate(network.layers)
        for source in layer.sources
    }
    return reads | dict.fromkeys(network.outputs.values(), len(network.layers))


def _overwritten(layer: NetworkLayer, number: int, last: Mapping[int, int]) -> int:
    """The first source that nothing reads later and that is as large as the output."""
    sources = zip(layer.sources, layer.inputs, strict=True)
    return next(
        (s for s, shape in sources if last[s] == number and shape == layer.output),
        INPUT,
    )


def _is_in_kernel(op: Op, _: Op) -> bool:
    if isinstance(op, Activation):
        return op.kind in ("relu", "relu6", "identity")
    return op.in_place


def padded_size(layer: NetworkLayer) -> int:
    """The size of a copy of the input with its padding, 0 where none is needed."""
    op = layer.primitive
    if not isinstance(op, Windowed) or layer.op == "transposed_conv":
        return 0
    channels, height, width = layer.inputs[0]
    size = height, width
    reach = top, bottom, left, right = op.window.reach(size)
    if reach in ((0, 0, 0, 0), op.window._replace(padding="same").amounts(size)):
        return 0
    return channels * (top + height + bottom) * (left + width + right)
