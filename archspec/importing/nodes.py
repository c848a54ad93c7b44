"""Nodes as they are added to a graph.

What the language lacks is recorded, and stands as an unknown op, so that one reading
finds all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from archspec.errors import ShapeError
from archspec.importing.graph import Graph, Node, Scope, Tensor
from archspec.importing.layouts import Lacking, Layouts, Unreadable, Value
from archspec.ops import PRIMITIVES, Op, Shape
from archspec.ops.attributes import InvalidAttributes


class Constant(NamedTuple):
    """A tensor that does not depend on the input: a weight, or made of weights."""

    name: str
    array: Any
    made_of: tuple[str, ...] = ()
    """The weights that it was computed from, if it is none of the source's own."""

    @property
    def shape(self) -> Shape:
        """Its shape in the source."""
        return tuple(self.array.shape)

    def moved(self, array: Any) -> Constant:
        """The same numbers in another order."""
        return self._replace(array=array)

    def computed(self, array: Any) -> Constant:
        """Numbers that were computed from these alone."""
        return Constant(self.name, array, self.made_of or (self.name,))


class Gap(NamedTuple):
    """An operation of the source that the language has no word for."""

    operation: str
    why: str
    scopes: tuple[Scope, ...]
    is_lacking: bool = False
    """Whether the language lacks it, and not only this reading of it."""


class Nodes:
    """A graph under construction; `scopes` are the modules that the next node is in."""

    def __init__(self, batch: int):
        self.layouts = Layouts(batch)
        self.inputs: dict[str, Node] = {}
        self.nodes: list[Node] = []
        self.gaps: list[Gap] = []
        self.unknowns = set[Node]()
        """What stands for operations that cannot be read, and what reads it."""
        self.learned: Collection[str] = ()
        """The names of weights, where the source tells them from other constants."""
        self.notes: list[str] = []
        """What a user should know about the graph, a sentence each."""
        self.scopes: tuple[Scope, ...] = ()
        self._moved: dict[Hashable, Node] = {}

    def graph(self, outputs: Mapping[str, Node]) -> Graph:
        """What was built, without what no output depends on."""
        whole = Graph(self.inputs, self.nodes, outputs)
        return Graph(self.inputs, whole.reached(), outputs)

    def input(self, name: str, shape: Shape, *, last: bool = False) -> Value:
        """An input of the network, of this canonical shape."""
        self.inputs[name] = Node(None, (), shape)
        return self.layouts.first(self.inputs[name], last=last)

    def node(
        self,
        name: str,
        sources: Sequence[Node],
        weights: Mapping[str, Constant],
        /,
        **attributes: Any,
    ) -> Node:
        """A new node; raises Unreadable where the op does not take this."""
        try:
            op = PRIMITIVES[name](**attributes)
            shape = op.infer(*(source.shape for source in sources))
            self._check(op, sources, weights)
        except InvalidAttributes as error:
            raise Unreadable(f"{name}: {error}") from None
        except ShapeError as error:
            raise Unreadable(str(error)) from None
        tensors = {key: Tensor(*constant) for key, constant in weights.items()}
        found = Node(op, tuple(sources), shape, self.scopes, tensors)
        self.nodes.append(found)
        if not self.unknowns.isdisjoint(sources):
            self.unknowns.add(found)
        return found

    def _check(
        self, op: Op, sources: Sequence[Node], weights: Mapping[str, Constant]
    ) -> None:
        wanted = op.weights(*(source.shape for source in sources))
        for name, weight in wanted.items():
            found = weights[name].shape if name in weights else None
            if found != weight.shape:
                message = (
                    f"{op.name} with a {name} of {found} instead of {weight.shape}"
                )
                raise Unreadable(message)

    def once(self, op: Op, source: Node) -> Node:
        """The node of an op without weights on another, of which one is enough."""
        key = source, op.name, tuple(dict(op).items())
        if key not in self._moved:
            self._moved[key] = self.node(op.name, [source], {}, **dict(op))
        return self._moved[key]

    def rebuilt(
        self,
        node: Node,
        sources: Sequence[Node] | None = None,
        weights: Mapping[str, Constant] | None = None,
        /,
        **attributes: Any,
    ) -> Node:
        """The op of a node once more, with other sources, weights or attributes."""
        own = {name: Constant(*tensor) for name, tensor in node.weights.items()}
        inner, self.scopes = self.scopes, node.scopes
        try:
            return self.node(
                node.name,
                node.sources if sources is None else sources,
                own | dict(weights or {}),
                **{**dict(node.op or ()), **attributes},
            )
        finally:
            self.scopes = inner

    def is_learned(self, constant: Constant) -> bool:
        """Whether a weight was trained: its value says nothing of the op."""
        return not {constant.name, *constant.made_of}.isdisjoint(self.learned)

    def unknown(
        self,
        operation: str,
        error: Unreadable,
        shape: Shape,
        inputs: Sequence[Value] = (),
    ) -> Value:
        """What stands for an operation that cannot be read.

        Its gap is recorded, unless it only follows from another one.
        """
        is_lacking = isinstance(error, Lacking)
        if is_lacking or self.unknowns.isdisjoint(value.node for value in inputs):
            self.gaps.append(Gap(operation, str(error), self.scopes, is_lacking))
        node = Node(None, (), tuple(shape[1:]) or (1,), self.scopes)
        self.unknowns.add(node)
        return self.layouts.first(node)
