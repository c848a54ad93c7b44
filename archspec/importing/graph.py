"""A model as a graph of the language's ops: what is read, and what a spec gives.

Both are compared in a normal form, in which two networks that compute the same by the
same ops are equal, however they were written.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from archspec.network import INPUT, Network
from archspec.ops import Op, Shape

Array = Any
"""A NumPy array."""


class Scope(NamedTuple):
    """A module of the source that a node is in: where it is, and its class.

    `call` tells the calls of a module that is called several times apart.
    """

    path: str
    kind: str
    call: str = ""


class Tensor(NamedTuple):
    """A weight of the source: its name there, and its values in canonical axes."""

    name: str
    array: Array
    made_of: tuple[str, ...] = ()
    """The weights that it was computed from, if it is none of the source's own."""

    @property
    def place(self) -> Hashable:
        """Where its numbers are: other parts of one weight are elsewhere."""
        return self.array.__array_interface__["data"][0]


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """One use of an op; nodes are equal only to themselves.

    `scopes` are the modules around it, from the outside in; `weights` its tensors by
    the op's names. An input of the network has no op.
    """

    op: Op | None
    sources: tuple[Node, ...]
    shape: Shape
    scopes: tuple[Scope, ...] = ()
    weights: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    form: Any = None
    """Its normal form, once `matching` has found it."""

    def __repr__(self) -> str:
        return f"<{self.name} {self.path or '-'} {self.shape}>"

    @property
    def name(self) -> str:
        """The op's name; `input` for an input."""
        return self.op.name if self.op else "input"

    @property
    def path(self) -> str:
        """Of the innermost module around it."""
        return self.scopes[-1].path if self.scopes else ""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the feature map that it reads."""
        _, height, width = self.sources[0].shape
        return height, width

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The shapes of what it reads."""
        return tuple(source.shape for source in self.sources)


@dataclass(eq=False, repr=False)
class Graph:
    """Nodes in the order of computation, without the inputs."""

    inputs: Mapping[str, Node]
    nodes: Sequence[Node]
    outputs: Mapping[str, Node]

    @property
    def parameters(self) -> int:
        """All weights, moving statistics included, shared ones once."""
        later = first_runs(self)
        return sum(
            weight.size
            for node in self.nodes
            if node.op and node not in later
            for weight in node.op.weights(*node.inputs).values()
        )

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        return sum(node.op.macs(*node.inputs) for node in self.nodes if node.op)

    def reached(self) -> list[Node]:
        """The nodes that the outputs depend on, in order."""
        wanted = set[Node]()
        todo = list(self.outputs.values())
        while todo:
            node = todo.pop()
            if node not in wanted:
                wanted.add(node)
                todo.extend(node.sources)
        return [node for node in self.nodes if node in wanted]


def users(graph: Graph) -> dict[Node, list[Node]]:
    """Who reads each node; outputs of the network count as no reader."""
    found: dict[Node, list[Node]] = {node: [] for node in _all(graph)}
    for node in graph.nodes:
        for source in node.sources:
            found.setdefault(source, []).append(node)
    return found


def _all(graph: Graph) -> Iterator[Node]:
    yield from graph.inputs.values()
    yield from graph.nodes


def shared_weights(graph: Graph) -> dict[str, list[Node]]:
    """The weights that several nodes have, by their names in the source."""
    found: dict[tuple[str, Hashable], list[Node]] = {}
    for node in graph.nodes:
        for tensor in node.weights.values():
            found.setdefault((tensor.name, tensor.place), []).append(node)
    return {name: nodes for (name, _), nodes in found.items() if len(nodes) > 1}


def first_runs(graph: Graph) -> dict[Node, Node]:
    """The nodes that work with all weights of an earlier node, and that node."""
    known: dict[Hashable, Node] = {}
    firsts = {node: known.setdefault(weights_of([node]), node) for node in graph.nodes}
    return {node: first for node, first in firsts.items() if first is not node}


def weights_of(nodes: Iterable[Node]) -> Hashable:
    """Equal for nodes that work with the same weights, unless they have none."""
    tensors = [(n, t.place) for node in nodes for n, t in node.weights.items()]
    return tuple(tensors) or object()


def graph_of(network: Network) -> Graph:
    """The graph of an elaborated spec.

    A node's scopes are its layer and, if that runs again, the one with the weights.
    """
    inputs = {name: Node(None, (), shape) for name, shape in network.inputs.items()}
    known = {INPUT - number: node for number, node in enumerate(inputs.values())}
    for number, layer in enumerate(network.layers):
        sources = tuple(known[source] for source in layer.sources)
        runs = dict.fromkeys((layer.path, layer.first_run or layer.path))
        scopes = tuple(Scope(path, layer.op) for path in runs)
        known[number] = Node(layer.primitive, sources, layer.output, scopes)
    outputs = {name: known[number] for name, number in network.outputs.items()}
    return Graph(inputs, [known[n] for n in range(len(network.layers))], outputs)
