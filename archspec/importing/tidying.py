"""A graph as a person would have built it, before layers are made of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from archspec.importing.graph import Graph, Node, Scope, users
from archspec.importing.matching import Form, normal
from archspec.importing.regions import beginning
from archspec.ops.convolution import Dense
from archspec.ops.window import Windowed

Users = dict[Node, list[Node]]
_POOLS = "global_avg_pool", "global_max_pool"
_LAYOUT = "tokens", "to_map", "transpose", "flatten"
_ON_VECTORS = (
    "dropout",
    "activation",
    "batch_norm",
    "layer_norm",
    "rms_norm",
    "layer_scale",
)


def tidied(graph: Graph) -> Graph:
    """The same network; nodes that are left alone are copies with the same weights."""
    for step in (_once, _padded, _vectors, _nested, _sums, _placed):
        graph = step(graph)
    return graph


def _rebuilt(graph: Graph, change: Callable[[Node, Node], Node]) -> Graph:
    """The graph with each node changed, given as it was and as it reads now."""
    known: dict[Node, Node] = {node: node for node in graph.inputs.values()}
    nodes: dict[Node, None] = {}
    for node in graph.nodes:
        sources = tuple(known[source] for source in node.sources)
        fresh = Node(node.op, sources, node.shape, node.scopes, node.weights)
        known[node] = change(node, fresh)
        nodes.setdefault(known[node])
    outputs = {name: known[node] for name, node in graph.outputs.items()}
    whole = Graph(graph.inputs, [node for node in nodes if node.sources], outputs)
    return Graph(graph.inputs, whole.reached(), outputs)


def _once(graph: Graph) -> Graph:
    """What is computed twice of the same without weights is computed once."""
    seen: dict[Hashable, Node] = {}

    def change(_: Node, node: Node) -> Node:
        if node.weights or node.op is None or node.name == "dropout":
            return node
        return seen.setdefault((node.op, node.sources), node)

    return _rebuilt(graph, change)


def _padded(graph: Graph) -> Graph:
    """A convolution of a feature map that is padded by zeros pads by itself."""

    def change(_: Node, node: Node) -> Node:
        if node.name not in ("conv", "depthwise_conv"):
            return node
        assert isinstance(node.op, Windowed)
        first = node.sources[0]
        if first.name != "pad" or dict(first.op or ())["value"]:
            return node
        own = node.op.window.amounts(node.size)
        outer = dict(first.op or ())["amounts"]
        both = tuple(a + b for a, b in zip(own, outer, strict=True))
        op = type(node.op)(**{**dict(node.op), "padding": both})
        return Node(op, first.sources, node.shape, node.scopes, node.weights)

    return _rebuilt(graph, change)


def _vectors(graph: Graph) -> Graph:
    """A pool whose result is flattened later gives a vector at once."""
    readers, ends = users(graph), set(graph.outputs.values())
    vectors, idle = set[Node](), set[Node]()
    for node in graph.nodes:
        if node.name == "flatten" and (chain := _from_pool(node, readers, ends)):
            vectors.update(chain)
            idle.add(node)

    def change(old: Node, node: Node) -> Node:
        if old in idle:
            return node.sources[0]
        if old in vectors:
            assert node.op is not None
            changed = {"keep_size": False} if node.name in _POOLS else {}
            op = type(node.op)(**{**dict(node.op), **changed})
            if node.name == "conv":
                given = dict(node.op)
                op = Dense(units=given["filters"], bias=given["bias"])
            return Node(op, node.sources, node.shape[:1], node.scopes, node.weights)
        return node

    return _rebuilt(graph, change)


def _from_pool(node: Node, readers: Users, ends: set[Node]) -> list[Node]:
    """The nodes from a pool to this one, if nothing else reads them."""
    found: list[Node] = []
    while len(node.sources) == 1:
        (node,) = node.sources
        if len(readers[node]) != 1 or node in ends:
            break
        found.append(node)
        if node.name in _POOLS:
            return found
        if node.name not in _ON_VECTORS and not _is_dense(node):
            break
    return []


def _is_dense(node: Node) -> bool:
    """Whether a convolution is a dense layer by itself; one of a block has a norm."""
    if node.name != "conv" or not dict(node.op or ())["bias"]:
        return False
    form = normal(node)
    return isinstance(form, Form) and form.name == "dense"


def _nested(graph: Graph) -> Graph:
    """A concatenation that begins like an earlier one continues that."""
    made: dict[tuple[Node, ...], Node] = {}

    def change(_: Node, node: Node) -> Node:
        if node.name != "concat" or len(node.sources) < 2:
            return node
        made[node.sources] = node
        for length in range(len(node.sources) - 1, 1, -1):
            if (start := made.get(node.sources[:length])) is not None:
                sources = (start, *node.sources[length:])
                shorter = Node(node.op, sources, node.shape, node.scopes)
                made[node.sources] = shorter
                return shorter
        return node

    return _rebuilt(graph, change)


def _sums(graph: Graph) -> Graph:
    """A sum that only another sum of the same module adds is part of that."""
    readers, ends = users(graph), set(graph.outputs.values())

    def inner(outer: Node, node: Node) -> bool:
        alone = node.name == "add" and len(readers[node]) == 1 and node not in ends
        return alone and node.scopes == outer.scopes and node.shape == outer.shape

    def change(old: Node, node: Node) -> Node:
        if old.name != "add":
            return node
        sources: list[Node] = []
        for before, source in zip(old.sources, node.sources, strict=True):
            sources += source.sources if inner(old, before) else (source,)
        return Node(node.op, tuple(sources), node.shape, node.scopes)

    return _rebuilt(graph, change)


def _placed(graph: Graph) -> Graph:
    """What only rearranges a tensor is in the module that its neighbours are in."""
    readers = users(graph)
    scopes: dict[Node, tuple[Scope, ...]] = {}
    for node in graph.nodes:
        if node.name in _LAYOUT:
            after = [own for user in readers[node] for own in _after(user, readers)]
            around = tuple(beginning([_before(node).scopes, *after]))
            scopes[node] = max(around, node.scopes, key=len)

    def change(old: Node, node: Node) -> Node:
        if old in scopes:
            return Node(node.op, node.sources, node.shape, scopes[old], node.weights)
        return node

    return _rebuilt(graph, change)


def _before(node: Node) -> Node:
    """The node whose numbers are rearranged."""
    while node.name in _LAYOUT:
        (node,) = node.sources
    return node


def _after(node: Node, readers: Users) -> list[tuple[Scope, ...]]:
    """The modules of those that compute with what is rearranged."""
    if node.name not in _LAYOUT:
        return [node.scopes]
    return [scopes for user in readers[node] for scopes in _after(user, readers)]
