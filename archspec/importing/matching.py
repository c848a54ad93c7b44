"""Whether two graphs compute the same, and which nodes correspond.

Each node gets a key: its op in normal form, and the keys of what it reads. Equal keys
mean equal computations for equal weights, whatever layers are called and in which order
they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

from archspec.importing.graph import Graph, Node
from archspec.ops import Shape
from archspec.ops.window import Windowed

Key = int
"""A number for each computation, see `Keys`."""

_COMMUTATIVE = "add", "multiply"
_UNSEEN = "initializer", "initial"
"""Attributes of which a trained model knows nothing."""


class Keys:
    """Keys of nodes, the same for nodes of several graphs that compute the same."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, Key] = {}
        self._known: dict[Node, Key] = {}

    def __getitem__(self, node: Node) -> Key:
        """The key of a node; raises KeyError unless its graph was walked before."""
        return self._known[node]

    def walk(self, graph: Graph) -> None:
        """Give every node of a graph its key."""
        for number, node in enumerate(graph.inputs.values()):
            self._known[node] = self._number(("input", number, node.shape))
        for node in graph.nodes:
            self._known[node] = self.key(node)

    def start(self, node: Node, what: Hashable) -> None:
        """Say what a node is from which a part of a graph begins."""
        self._known[node] = self._number(("start", what, node.shape))

    def key(self, node: Node) -> Key:
        """The key of a node whose sources have theirs."""
        form = normal(node)
        if isinstance(form, Node):
            return self._known[form]
        keys = [self._known[source] for source in form.sources]
        if form.name in _COMMUTATIVE:
            keys.sort()
        return self._number((form.name, form.attributes, tuple(keys)))

    def add(self, node: Node) -> Key:
        """Give a node whose sources have theirs its key."""
        self._known[node] = self.key(node)
        return self._known[node]

    def alone(self, nodes: Sequence[Node]) -> Key:
        """The key of the last of some nodes; the first is where their graph begins."""
        start, *others = nodes
        self.start(start, "alone")
        for node in others:
            self.add(node)
        return self._known[nodes[-1]]

    def _number(self, what: Hashable) -> Key:
        return self._numbers.setdefault(what, len(self._numbers))


class Form(NamedTuple):
    """A node in normal form; `sources` may be those of nodes before it."""

    name: str
    attributes: tuple[tuple[str, object], ...]
    sources: tuple[Node, ...]


def normal(node: Node) -> Form | Node:
    """What a node computes; where that is what another one does, that one."""
    if node.form is None:
        node.form = _normal(node)
    return node.form


def _normal(node: Node) -> Form | Node:
    op = node.op
    assert op is not None
    if node.name in _COMMUTATIVE or node.name == "concat":
        sources = tuple(_leaves(node, node.name))
        return sources[0] if len(sources) == 1 else Form(node.name, (), sources)
    first = node.sources[0]
    if node.name != "dropout" and op.is_idle(*node.inputs):
        return first
    if node.name == "flatten" and first.shape[1:] == (1, 1):
        return first  # a vector and a feature map of one pixel have the same numbers
    attributes = dict(op)
    for name in _UNSEEN:
        attributes.pop(name, None)
    special = _SPECIAL.get(node.name)
    name, sources = node.name, node.sources
    if isinstance(op, Windowed) and name != "transposed_conv":
        attributes["padding"] = op.window.amounts(node.size)
        sources, attributes = _with_pad(node, attributes)
    if special:
        name, attributes = special(node, attributes)
    return Form(name, tuple(sorted(attributes.items())), sources)


def resolved(node: Node) -> Node:
    """The node itself, or the one before it that it only passes on."""
    while node.op is not None and isinstance(form := normal(node), Node):
        node = form
    return node


def _leaves(node: Node, name: str) -> Iterator[Node]:
    """What a sum of sums adds; that of a product or concatenation likewise."""
    for source in map(resolved, node.sources):
        if source.name == name and (name == "concat" or source.shape == node.shape):
            yield from _leaves(source, name)
        else:
            yield source


def _with_pad(
    node: Node, attributes: dict[str, object]
) -> tuple[tuple[Node, ...], dict[str, object]]:
    """A convolution of a padded feature map pads by itself."""
    (first,) = node.sources
    if first.name != "pad" or node.name not in ("conv", "depthwise_conv"):
        return node.sources, attributes
    given = dict(first.op or ())
    if given["value"]:
        return node.sources, attributes
    before: Sequence[int] = given["amounts"]
    own: Sequence[int] = attributes["padding"]  # pyright: ignore[reportAssignmentType]
    both = tuple(a + b for a, b in zip(before, own, strict=True))
    return first.sources, attributes | {"padding": both}


Attributes = dict[str, object]


def _conv(node: Node, attributes: Attributes) -> tuple[str, Attributes]:
    """A convolution of as many groups as channels is depthwise."""
    channels = node.sources[0].shape[0]
    if attributes["kernel"] == (1, 1):
        attributes["dilation"] = (1, 1)
        if node.name == "conv" and not _moves(attributes):
            return "dense", {"units": attributes["filters"], "bias": attributes["bias"]}
    if node.name == "conv" and attributes["groups"] == channels > 1:
        filters = attributes.pop("filters")
        assert isinstance(filters, int)
        del attributes["groups"]
        return "depthwise_conv", attributes | {"multiplier": filters // channels}
    return node.name, attributes


def _moves(attributes: Attributes) -> bool:
    """Whether a 1x1 convolution is more than a dense layer at each position."""
    plain = {"stride": (1, 1), "groups": 1, "padding": (0, 0, 0, 0)}
    return any(attributes[name] != value for name, value in plain.items())


def _pool(node: Node, attributes: Attributes) -> tuple[str, Attributes]:
    """Without what makes no difference at this size."""
    assert isinstance(node.op, Windowed)
    if not any(node.op.window.overhang(node.size)):
        attributes["ceil"] = False
    if not any(node.op.window.amounts(node.size)):
        attributes.pop("count_padding", None)
    return node.name, attributes


def _activation(node: Node, attributes: Attributes) -> tuple[str, Attributes]:
    if attributes["kind"] != "leaky_relu":
        del attributes["slope"]
    return node.name, attributes


def _global(node: Node, attributes: Attributes) -> tuple[str, Attributes]:
    return node.name, {}


def _adaptive(node: Node, attributes: Attributes) -> tuple[str, Attributes]:
    if attributes["size"] == (1, 1):
        return "global_avg_pool", {}
    return node.name, attributes


def _resize(node: Node, attributes: Attributes) -> tuple[str, Attributes]:
    return "resize", {"size": node.shape[1:], "mode": attributes["mode"]}


def _transposed(node: Node, attributes: Attributes) -> tuple[str, Attributes]:
    assert isinstance(node.op, Windowed)
    return node.name, attributes | {"padding": node.op.window.crop}


def _attention(node: Node, attributes: Attributes) -> tuple[str, Attributes]:
    """A window of the whole feature map is none."""
    window = attributes["window"]
    if not attributes["shift"] and node.sources[0].shape[1:] == (window, window):
        attributes["window"] = 0
    return node.name, attributes


_SPECIAL: dict[str, Callable[[Node, Attributes], tuple[str, Attributes]]] = {
    "conv": _conv,
    "depthwise_conv": _conv,
    "max_pool": _pool,
    "avg_pool": _pool,
    "activation": _activation,
    "global_avg_pool": _global,
    "global_max_pool": _global,
    "adaptive_avg_pool": _adaptive,
    "upsample": _resize,
    "resize": _resize,
    "transposed_conv": _transposed,
    "attention": _attention,
}


class Pair(NamedTuple):
    """A node of one graph and the node of another that does the same."""

    one: Node
    other: Node


def pairs(one: Graph, other: Graph) -> list[Pair] | None:
    """The nodes that correspond, found from the outputs back; None if graphs differ.

    Nodes with weights correspond to one node each.
    """
    keys = Keys()
    keys.walk(one)
    keys.walk(other)
    ends = [list(graph.outputs.values()) for graph in (one, other)]
    if len(ends[0]) != len(ends[1]):
        return None
    todo = [Pair(*map(resolved, both)) for both in zip(*ends, strict=True)]
    if any(keys[a] != keys[b] or not _alike(a.shape, b.shape) for a, b in todo):
        return None
    found: dict[Pair, None] = {}
    mine, theirs = dict[Node, Node](), dict[Node, Node]()
    while todo:
        pair = todo.pop()
        if pair in found or pair.one.op is None:
            continue
        found[pair] = None
        both = mine.setdefault(*pair), theirs.setdefault(*reversed(pair))
        if both != (pair.other, pair.one) and pair.one.weights:
            return None  # alike branches that are read elsewhere, in another order
        todo.extend(_sources(pair, keys))
    return list(found)


def _alike(one: Shape, other: Shape) -> bool:
    """Whether two outputs are of one shape; axes of 1 at the end do not count."""
    return one == other or (one[:1] == other[:1] and {*one[1:], *other[1:]} == {1})


def _sources(pair: Pair, keys: Keys) -> Iterator[Pair]:
    """The pairs of what both read."""
    sides = [
        map(resolved, form.sources)
        for form in map(normal, pair)
        if isinstance(form, Form)
    ]
    if pair.one.name in _COMMUTATIVE:
        sides = [sorted(side, key=keys.__getitem__) for side in sides]
    yield from (Pair(*both) for both in zip(*sides, strict=True))
