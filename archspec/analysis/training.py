"""What a step of training holds in memory, as PyTorch carries it out, not compiled.

Forwards, an activation is kept if the backward pass reads it, else only as long as
later layers do. Backwards, a layer turns the gradient of its output into those of its
inputs and weights, and what it kept is given back. Workspaces of kernels, and what the
loss needs, are not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from archspec.analysis.buffers import shared
from archspec.analysis.usage import BYTES, STATES, Optimizer
from archspec.network import INPUT, Network, NetworkLayer
from archspec.ops import Op
from archspec.ops.base import OUTPUT

_BYTES = BYTES["float32"]


class TrainingMemory(NamedTuple):
    """Bytes in a step; `peak` is the most at once, while `layer` is run backwards.

    `activations` are those that are kept when the forward pass ends, `gradients` those
    of weights.
    """

    batch: int
    optimizer: Optimizer
    weights: int
    gradients: int
    states: int
    activations: int
    peak: int
    layer: str


def training_memory(
    network: Network, batch: int = 1, optimizer: Optimizer = "sgd"
) -> TrainingMemory:
    """The memory that a step of training takes, after the first."""
    trainable = network.trainable_parameters
    states = STATES[optimizer] * trainable
    step = _Step(network)
    dynamic, layer = max(step.backwards(batch), key=lambda found: found[0])
    fixed = network.parameters + states + batch * step.images
    return TrainingMemory(
        batch,
        optimizer,
        _BYTES * network.parameters,
        _BYTES * trainable,
        _BYTES * states,
        _BYTES * batch * step.activations,
        _BYTES * (fixed + dynamic),
        layer,
    )


class _Step:
    """A step for one image, by numbers of layers; sizes are numbers of float32."""

    def __init__(self, network: Network):
        self.network = network
        self.images = sum(map(prod, network.inputs.values()))
        self.owners = shared(network, _is_in_place)
        self.keepers: dict[int, int] = {}
        """The first layer that keeps a buffer, which is the last that gives it back."""
        for number, layer in enumerate(network.layers):
            for buffer in self._kept(number, layer):
                self.keepers.setdefault(buffer, number)
        self.returned: dict[int, int] = defaultdict(int)
        """What a layer gives back when it has been run backwards."""
        for buffer, number in self.keepers.items():
            self.returned[number] += prod(network.layers[buffer].output)
        for number, layer in enumerate(network.layers):
            self.returned[number] += layer.primitive.kept_numbers(*layer.inputs)

    @property
    def activations(self) -> int:
        """What is kept when the forward pass ends."""
        return sum(self.returned.values())

    def _kept(self, number: int, layer: NetworkLayer) -> Iterator[int]:
        """The buffers that a layer keeps; the network's inputs are there anyway."""
        kept = layer.primitive.kept()
        sources = layer.sources if "input" in kept else ()
        own = (number,) if "output" in kept else ()
        yield from (self.owners.get(n, n) for n in (*sources, *own) if n > INPUT)

    def backwards(self, batch: int) -> Iterator[tuple[int, str]]:
        """The numbers that are alive while each layer is run backwards, and its path.

        They are what is kept, gradients of activations, and those of weights so far.
        """
        layers = self.network.layers
        kept, weights = self.activations, 0
        outputs = {n for n in self.network.outputs.values() if n > INPUT}
        gradients = {n: prod(layers[n].output) for n in outputs}
        for number, layer in reversed([*enumerate(layers)]):
            weights += layer.trainable_parameters
            alive = sum(gradients.values())
            gradients.pop(number, 0)
            sources = zip(layer.sources, layer.inputs, strict=True)
            made = {source: prod(shape) for source, shape in sources if source > INPUT}
            if not (layer.primitive.is_view or layer.op == "add"):
                alive += sum(made.values())
            gradients |= made
            yield weights + batch * (kept + alive), layer.path
            kept -= self.returned[number]


def _is_in_place(op: Op, before: Op) -> bool:
    """Whether it overwrites what was made for it alone."""
    return op.kept() == OUTPUT and before.fresh_output
