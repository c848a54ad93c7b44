"""Which layers of a network become nodes, and the names of tensors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from archspec.network import INPUT, Network
from archspec.ops.shape import SliceChannels


@dataclass(frozen=True)
class Plan:
    """How the layers of a network map onto nodes and tensors of a model."""

    network: Network
    fold_batch_norm: bool

    @cached_property
    def inputs(self) -> dict[int, str]:
        """The names of the inputs, by their numbers as sources."""
        return {INPUT - n: name for n, name in enumerate(self.network.inputs)}

    @cached_property
    def folded(self) -> dict[int, int]:
        """Numbers of layers whose batch norm is folded into them, with that norm's.

        It follows a convolution or dense layer whose output nothing else reads.
        """
        if not self.fold_batch_norm:
            return {}
        layers, ends = self.network.layers, self.network.outputs.values()
        readers = Counter([*(s for layer in layers for s in layer.sources), *ends])
        return {
            source: number
            for number, layer in enumerate(layers)
            for source in layer.sources
            if layer.op == "batch_norm"
            and source > INPUT
            and layers[source].primitive.linear
            and readers[source] == 1
        }

    @cached_property
    def initializers(self) -> dict[int, str]:
        """What begins the names of each layer's weights in the file.

        It is the path of the first layer that has these, folded with the same norm.
        """
        layers = self.network.layers
        owners = [layer.first_run or layer.path for layer in layers]
        homes: dict[tuple[str, str], str] = {}
        found: dict[int, str] = {}
        for number, layer in enumerate(layers):
            norm = self.folded.get(number)
            key = owners[number], "" if norm is None else owners[norm]
            found[number] = homes.setdefault(key, layer.path)
        return found

    @cached_property
    def homes(self) -> dict[int, int]:
        """The number of the layer that computes each layer's output, or an input's.

        It is another one for layers that do nothing at inference.
        """
        homes = {number: number for number in self.inputs}
        for number, layer in enumerate(self.network.layers):
            homes[number] = homes[layer.sources[0]] if layer.is_idle else number
        return homes

    @cached_property
    def splits(self) -> dict[int, tuple[int, ...]]:
        """Numbers of slices that share out all channels of a tensor, by the first."""
        slices: dict[int, list[int]] = {}
        for number, layer in enumerate(self.network.layers):
            if isinstance(layer.primitive, SliceChannels):
                slices.setdefault(self.homes[layer.sources[0]], []).append(number)
        return {
            numbers[0]: tuple(numbers)
            for numbers in slices.values()
            if len(numbers) > 1 and self._share_all(numbers)
        }

    def _share_all(self, numbers: list[int]) -> bool:
        """Whether each slice begins where the one before it ends, and none is left."""
        layers = [self.network.layers[number] for number in numbers]
        ops = [cast(SliceChannels, layer.primitive) for layer in layers]
        starts = [op.start for op in ops] + [layers[0].inputs[0][0]]
        return starts == [0] + [op.stop for op in ops]

    @property
    def written(self) -> list[int]:
        """The numbers of the layers that have nodes of their own."""
        gone = {*self.inputs, *self.folded.values()}
        gone |= {later for _, *rest in self.splits.values() for later in rest}
        return [n for n, home in self.homes.items() if n == home and n not in gone]

    @cached_property
    def results(self) -> dict[str, int]:
        """The home of each of the model's outputs."""
        outputs = self.network.outputs.items()
        return {name or "output": self.homes[source] for name, source in outputs}

    @cached_property
    def tensors(self) -> dict[int, str]:
        """The name of each layer's output: an output's name, or the layer's path.

        A path that an output, or the input, has taken gets `/output` behind it.
        """
        first = {home: name for name, home in reversed(self.results.items())}
        names = first | self.inputs
        taken = {*self.inputs.values(), *self.results}
        for number, layer in enumerate(self.network.layers):
            path = f"{layer.path}/output" if layer.path in taken else layer.path
            names.setdefault(number, path)
        return {number: names[home] for number, home in self.homes.items()}

    @property
    def copies(self) -> list[tuple[str, str]]:
        """Outputs, with the tensors of another name that they are copies of."""
        pairs = [(name, self.tensors[home]) for name, home in self.results.items()]
        return [(name, tensor) for name, tensor in pairs if name != tensor]


def tensor_names(network: Network, *, fold_batch_norm: bool = True) -> dict[str, str]:
    """The model's tensor that holds each layer's output, by the layer's path.

    It is named by the path, or as the output of the network that it is. A layer that
    does nothing at inference has the tensor of its source. A layer whose batch norm is
    folded into it has none.
    """
    plan = Plan(network, fold_batch_norm)
    return {
        layer.path: plan.tensors[number]
        for number, layer in enumerate(network.layers)
        if number not in plan.folded
    }
