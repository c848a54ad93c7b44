"""A graph as it is built, op by op, from what any framework calls its operations.

Tensors are `Value`s, nodes with a layout; weights are `Constant`s, arrays with a name.
What the language lacks is recorded, and stands as an unknown op, so that one reading
finds all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from math import isclose, prod
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from archspec.errors import ShapeError
from archspec.importing.graph import (
    Graph,
    Node,
    Scope,
    Tensor,
)
from archspec.importing.layouts import (
    Dim,
    Dims,
    Layouts,
    Unreadable,
    Value,
    aligned,
    arrangement,
    cut,
    dim_of,
    expanded,
    moves,
    size,
    unrepeated,
)
from archspec.ops import PRIMITIVES, Op, Shape

Amounts = tuple[int, int, int, int]
Pair = tuple[int, int]


class Constant(NamedTuple):
    """A tensor that does not depend on the input: a weight, or made of weights."""

    name: str
    array: Any

    @property
    def shape(self) -> Shape:
        """Its shape in the source."""
        return tuple(self.array.shape)


class Gap(NamedTuple):
    """An operation of the source that the language has no word for."""

    operation: str
    why: str
    scopes: tuple[Scope, ...]


class Scores(NamedTuple):
    """Products of queries and keys, (N, heads, queries, keys), and what they became."""

    query: Value
    key: Value
    factor: float = 1.0
    is_normal: bool = False
    """Whether a softmax made weights of them."""


class Builder:
    """Takes operations in order; `scopes` are the modules that the next one is in."""

    def __init__(self, batch: int):
        self.layouts = Layouts(batch)
        self.inputs: dict[str, Node] = {}
        self.nodes: list[Node] = []
        self.gaps: list[Gap] = []
        self.unknowns = set[Node]()
        """What stands for operations that cannot be read, and what reads it."""
        self.scopes: tuple[Scope, ...] = ()

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
        except ValidationError as error:
            (first, *_) = error.errors()
            where = ".".join(map(str, first["loc"]))
            raise Unreadable(f"{name}: {where} {first['msg']}") from None
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

    # -- layouts ---------------------------------------------------------------

    def arranged(self, value: Value, wanted: Dims) -> Node:
        """The node whose axes are those wanted; raises Unreadable."""
        found = moves(value.axes, wanted)
        if found is None and wanted == (*value.axes, (), ()):
            raised = self._raised(value.node)
            if raised is not None:
                return raised
        if found is None:
            sizes = [size(dim) for dim in wanted]
            raise Unreadable(f"{value.node.shape} rearranged as {sizes}")
        node, inner = value.node, self.scopes
        self.scopes = inner[:-1]  # it is done for the module, not by it
        for move in found:
            node = self.node(move.op.name, [node], {}, **dict(move.op))
        self.scopes = inner
        return node

    def _raised(self, node: Node) -> Node | None:
        """The numbers of a vector as a feature map of one pixel, where they came from.

        A pooled feature map that became a vector, and then was worked on.
        """
        (before, *others) = node.sources or (None,)
        if before is None or others:
            return None
        if node.name == "flatten":
            return before if before.shape[1:] == (1, 1) else None
        below = self._raised(before)
        if below is None:
            return None
        shape = *node.shape, 1, 1
        found = Node(node.op, (below,), shape, node.scopes, node.weights)
        self.nodes.append(found)
        return found

    def first(self, value: Value) -> Node:
        """The node whose channels are dimension 1 of the value."""
        self._check_batch(value)
        return self.arranged(value, arrangement(value, last=False))

    def last(self, value: Value) -> Node:
        """The node whose channels are the last dimension of the value."""
        self._check_batch(value)
        return self.arranged(value, arrangement(value, last=True))

    def settled(self, value: Value, axis: int) -> Value:
        """The value with a node whose channels are a dimension, wherever that is."""
        others = [
            dim for n, dim in enumerate(value.dims) if n != axis % len(value.dims)
        ]
        is_vector = others == [self.layouts.batch]
        if value.dims[axis] == value.axes[0] and is_vector <= (len(value.axes) == 1):
            return value
        last = axis % len(value.dims) == len(value.dims) - 1
        self._check_batch(value)
        order = arrangement(value, last=last)
        return Value(self.arranged(value, order), order, value.dims)

    def output(self, value: Any) -> Node:
        """The node of an output of the network."""
        try:
            if not isinstance(value, Value):
                raise Unreadable("an output that does not depend on the input")
            order = arrangement(value, last=True)
            is_sequence = len(value.dims) == 3 and value.axes == order
            return self.last(value) if is_sequence else self.first(value)
        except Unreadable as error:
            self.gaps.append(Gap("output", str(error), ()))
            return Node(None, (), ())

    def _check_batch(self, value: Value) -> None:
        if value.factor != 1:
            raise Unreadable(f"a tensor times {value.factor:g}")
        if value.dims[:1] != (self.layouts.batch,):
            raise Unreadable("a tensor whose first dimension is not the batch")

    # -- ops -------------------------------------------------------------------

    def pointwise(self, name: str, value: Value, /, **attributes: Any) -> Value:
        """An op that reads each number by itself, in any layout."""
        if value.factor != 1:
            raise Unreadable(f"a tensor times {value.factor:g}")
        return value.like(self.node(name, [value.node], {}, **attributes))

    def channelwise(
        self,
        name: str,
        value: Value,
        axis: int,
        weights: Mapping[str, Constant],
        /,
        **attributes: Any,
    ) -> Value:
        """An op over the channels at each position; `axis` is that of the channels."""
        value = self.settled(value, axis)
        return value.like(self.node(name, [value.node], weights, **attributes))

    def dense(self, value: Value, weight: Constant, bias: Constant | None) -> Value:
        """A matrix (out, in) for the last dimension."""
        value = self.settled(value, -1)
        weights = {"weight": weight} | ({"bias": bias} if bias else {})
        units = weight.shape[0]
        node = self.node(
            "dense", [value.node], weights, units=units, bias=bias is not None
        )
        fresh = self.layouts.first(node).axes[0]
        axes = (fresh, *value.axes[1:])
        return Value(node, axes, (*value.dims[:-1], fresh))

    def spatial(
        self,
        name: str,
        value: Value,
        weights: Mapping[str, Constant],
        /,
        **attributes: Any,
    ) -> Value:
        """An op on a feature map, (N, channels, height, width)."""
        node = self.node(name, [self.first(value)], weights, **attributes)
        return self.layouts.first(node)

    def conv(
        self,
        value: Value,
        weight: Constant,
        bias: Constant | None,
        *,
        stride: Pair,
        padding: Amounts,
        dilation: Pair,
        groups: int,
    ) -> Value:
        """A convolution; `weight` is (filters, channels of a group, height, width)."""
        filters, each, *kernel = weight.shape
        weights = {"weight": weight} | ({"bias": bias} if bias else {})
        shared = {
            "kernel": tuple(kernel),
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "bias": bias is not None,
        }
        if each == 1 and groups > 1:
            multiplier = filters // groups
            return self.spatial(
                "depthwise_conv", value, weights, multiplier=multiplier, **shared
            )
        return self.spatial(
            "conv", value, weights, filters=filters, groups=groups, **shared
        )

    def join(self, name: str, values: Sequence[Value]) -> Value:
        """A sum or product of tensors in one layout; sizes of 1 may be broadcast."""
        rank = max(len(value.dims) for value in values)
        values = [
            expanded(unrepeated(v), (1,) * (rank - len(v.dims)) + v.shape)
            for v in values
        ]
        largest = max(values, key=lambda value: prod(value.shape))
        for value in values:
            largest, _ = aligned(largest, value)
        nodes = [self._beside(value, largest) for value in values]
        return largest.like(self.node(name, nodes, {}))

    def _beside(self, value: Value, other: Value) -> Node:
        """The node of a value, with axes in the order of those of another's node."""
        _, value = aligned(other, value)
        _, fine = cut(value, other)
        places = dict(zip(chain.from_iterable(other.dims), fine, strict=True))
        wanted = tuple(
            tuple(chain.from_iterable(places[axis] for axis in dim))
            for dim in other.axes
        )
        return self.arranged(value, wanted)

    def concat(self, values: Sequence[Any], axis: int) -> Value:
        """Tensors one after the other along the channels, or tokens before others."""
        *before, last = values
        if axis == 1 and all(isinstance(value, Constant) for value in before):
            tokens = np.concatenate([constant.array for constant in before], 1)
            return self.prefixed(Constant(before[0].name, tokens), last)
        if not all(isinstance(value, Value) for value in values):
            raise Unreadable("a concatenation with a constant")
        settled = [self.settled(value, axis) for value in values]
        node = self.node("concat", [value.node for value in settled], {})
        first = settled[0]
        fresh = self.layouts.first(node).axes[0]
        return Value(
            node,
            (fresh, *first.axes[1:]),
            tuple(
                fresh if n == axis % len(first.dims) else d
                for n, d in enumerate(first.dims)
            ),
        )

    def prefixed(self, constant: Constant, value: Value) -> Value:
        """Learned tokens before those of a sequence, (N, tokens, channels)."""
        value = value._replace(node=self.last(value))
        tokens = constant.array[0]
        weights = {"tokens": Constant(constant.name, tokens)}
        node = self.node("prefix_tokens", [value.node], weights, count=len(tokens))
        return self.layouts.first(node, last=True)

    def scaled(self, value: Value, factor: Any) -> Value:
        """Times a number, which must be used up later, or a vector over channels."""
        if not isinstance(factor, Constant):
            return value._replace(factor=value.factor * factor)
        merged = self._absorbed(value, "scale", factor)
        if merged is not None:
            return merged
        axis, vector = self._vector(value, factor)
        weights = {"scale": Constant(factor.name, vector)}
        return self.channelwise("layer_scale", value, axis, weights, initial=1.0)

    def _vector(self, value: Value, constant: Constant) -> tuple[int, Any]:
        """The dimension along which a constant changes, and its numbers."""
        lengths = (1,) * (len(value.dims) - len(constant.shape)) + constant.shape
        changing = [axis for axis, length in enumerate(lengths) if length > 1]
        if len(changing) != 1 or lengths[changing[0]] != value.shape[changing[0]]:
            raise Unreadable(f"a product with a constant of {constant.shape}")
        return changing[0], constant.array.reshape(-1)

    def shifted(self, value: Value, constant: Any) -> Value:
        """Plus learned numbers, one for each channel and position, or a bias."""
        rank = len(value.dims)
        merged = self._absorbed(value, "shift", constant)
        if merged is not None:
            return merged
        if not isinstance(constant, Constant) or not 3 <= rank <= 4:
            raise Unreadable("a sum with a number")
        lengths = (1,) * (rank - len(constant.shape)) + constant.shape
        if lengths[1:] != value.shape[1:] or lengths[0] != 1:
            raise Unreadable(f"a sum with a constant of {constant.shape}")
        last = value.axes[0] == value.dims[-1]
        value = self.settled(value, -1 if last else 1)
        array = constant.array.reshape(lengths)[0]
        array = array if last else np.moveaxis(array, 0, -1)
        weights = {
            "embedding": Constant(constant.name, array.reshape(-1, array.shape[-1]))
        }
        return value.like(self.node("position_embedding", [value.node], weights))

    def _absorbed(self, value: Value, name: str, constant: Any) -> Value | None:
        """The value with a bias, scale or shift of channels in the node before it.

        None where that has its own.
        """
        node = value.node
        own = absorbed(node, name) if isinstance(constant, Constant) else None
        if own is None or value.factor != 1:
            return None
        lengths = (1,) * (len(value.dims) - len(constant.shape)) + constant.shape
        channels = size(value.axes[0])
        pairs = zip(value.dims, lengths, strict=True)
        fits = [n == channels for dim, n in pairs if dim == value.axes[0]]
        if prod(lengths) != channels or not any(fits):
            return None
        given = {key: Constant(*tensor) for key, tensor in node.weights.items()}
        given[own.weight] = Constant(constant.name, constant.array.reshape(-1))
        inner, self.scopes = self.scopes, node.scopes
        found = self.node(node.name, node.sources, given, **own.attributes)
        self.scopes = inner
        return value.like(found)

    def grouped(self, value: Value, epsilon: float) -> Value:
        """Normalise within groups, which are dimension 1; raises Unreadable."""
        groups, channels = value.dims[1], value.axes[0]
        self._check_batch(value)
        if groups != channels[: len(groups)]:
            raise Unreadable("a norm of groups that are no channels next to each other")
        weights = made_up("group_norm", size(channels))
        settings = {"groups": size(groups), "epsilon": epsilon}
        return value.like(self.node("group_norm", [value.node], weights, **settings))

    def pooled(
        self, name: str, value: Value, axes: Sequence[int], *, keep: bool
    ) -> Value:
        """One number for each channel; all positions are in these dimensions."""
        rank = len(value.dims)
        gone = {axis % rank for axis in axes}
        left = [axis for axis in range(1, rank) if axis not in gone]
        if len(left) != 1 or 0 in gone:
            raise Unreadable(f"{name} over dimensions {sorted(gone)} of {rank}")
        value = self.settled(value, left[0])
        keep_size = keep or len(value.axes) == 3
        node = self.node(name, [value.node], {}, keep_size=keep_size)
        channels = value.axes[0]
        dims = tuple(
            () if axis in gone else dim
            for axis, dim in enumerate(value.dims)
            if keep or axis not in gone
        )
        return Value(node, (channels, *((),) * (len(node.shape) - 1)), dims)

    def taken(self, value: Value, axis: int, index: int) -> Value:
        """One entry of a dimension, which goes: a token, or a part of the channels."""
        axis %= len(value.dims)
        dim = value.dims[axis]
        dims = tuple(d for n, d in enumerate(value.dims) if n != axis)
        if dim and dim == value.axes[0][:1]:
            part = self._part(value, axis, index, index + 1)
            return part._replace(
                dims=tuple(d for n, d in enumerate(part.dims) if n != axis)
            )
        if len(value.axes) == 2 and dim == value.axes[1]:
            node = self.node("take", [value.node], {}, index=index)
            return Value(node, value.axes[:1], dims)
        if not dim:
            return value._replace(dims=dims)
        raise Unreadable("one entry of neither channels nor positions")

    def attention(
        self, query: Value, key: Value, value: Value, *, scale: float | None
    ) -> Value:
        """Attention over (N, heads, positions, channels of a head)."""
        if any(len(each.dims) != 4 for each in (query, key, value)):
            raise Unreadable("attention over other dimensions than heads and positions")
        heads = query.dims[1]
        usual = query.shape[-1] ** -0.5
        whole = (usual if scale is None else scale) * query.factor * key.factor
        # constants of files are in single precision
        is_usual = isclose(whole, usual, rel_tol=1e-6)
        own = {} if is_usual else {"scale": float(f"{whole:.6g}")}
        plain = [each._replace(factor=1.0) for each in (query, key)]
        parts = [self._heads(each) for each in (*plain, value)]
        node = self.node("attention", _thirds(parts), {}, heads=size(heads), **own)
        positions = (
            query.axes[1:] if _positions(query) == query.dims[2] else (query.dims[2],)
        )
        each = dim_of(node.shape[0] // size(heads))
        axes = ((*heads, *each), *positions)
        return Value(node, axes, (query.dims[0], heads, query.dims[2], each))

    def _heads(self, value: Value) -> Node:
        """The node of queries, keys or values, its channels divided among heads."""
        self._check_batch(value)
        _, heads, positions, each = value.dims
        channels = (*heads, *each)
        if value.axes[0] == channels and _positions(value) == positions:
            return value.node
        return self.arranged(value, (channels, positions))

    def sliced(self, value: Value, axis: int, start: int, stop: int) -> Value:
        """A part of a dimension of channels or positions."""
        axis %= len(value.dims)
        dim = value.dims[axis]
        if (start, stop) == (0, size(dim)):
            return value
        leading = value.axes[0][:1]
        if len(dim) == 1 and dim == leading and len(value.axes[0]) > 1:
            return self._part(value, axis, start, stop)
        if dim == value.axes[0]:
            node = self.node("slice_channels", [value.node], {}, start=start, stop=stop)
            return self._shortened(value, node, 0, axis, stop - start)
        if axis in (1, len(value.dims) - 1) and len(dim) > 1:
            # channels that were rearranged, such as shuffled ones
            return self.sliced(self.settled(value, axis), axis, start, stop)
        if len(value.axes) == 2 and dim == value.axes[1]:
            node = self.node(
                "slice_positions", [value.node], {}, start=start, stop=stop
            )
            return self._shortened(value, node, 1, axis, stop - start)
        raise Unreadable("a slice of neither channels nor positions")

    def _part(self, value: Value, axis: int, start: int, stop: int) -> Value:
        """Some of the parts that the channels were divided into, such as of queries."""
        inner = size(value.axes[0][1:])
        bounds = {"start": start * inner, "stop": stop * inner}
        node = self.node("slice_channels", [value.node], {}, **bounds)
        fresh = dim_of(stop - start)
        channels = (*fresh, *value.axes[0][1:])
        dims = tuple(fresh if n == axis else dim for n, dim in enumerate(value.dims))
        return Value(node, (channels, *value.axes[1:]), dims)

    def _shortened(
        self, value: Value, node: Node, which: int, axis: int, length: int
    ) -> Value:
        fresh = dim_of(length)
        axes = tuple(fresh if n == which else dim for n, dim in enumerate(value.axes))
        dims = tuple(fresh if n == axis else dim for n, dim in enumerate(value.dims))
        return Value(node, axes, dims)

    def unknown(
        self, operation: str, why: str, shape: Shape, inputs: Sequence[Value] = ()
    ) -> Value:
        """What stands for an operation that cannot be read.

        Its gap is recorded, unless it only follows from another one.
        """
        if self.unknowns.isdisjoint(value.node for value in inputs):
            self.gaps.append(Gap(operation, why, self.scopes))
        node = Node(None, (), tuple(shape[1:]) or (1,), self.scopes)
        self.unknowns.add(node)
        return self.layouts.first(node)


def made_up(norm: str, channels: int) -> dict[str, Constant]:
    """Scales and shifts of a norm that has none, without names."""
    shift = np.zeros(channels, np.float32)
    weights = {"scale": Constant("", np.ones(channels, np.float32))}
    return weights if norm == "rms_norm" else weights | {"shift": Constant("", shift)}


class _Own(NamedTuple):
    """A weight that an op could have, and the op's attributes with it."""

    weight: str
    attributes: dict[str, Any]


def absorbed(node: Node, name: str) -> _Own | None:
    """What a node would have if the `scale` or `shift` after it were its own."""
    attributes = dict(node.op or ())
    if name == "shift" and attributes.get("bias") is False:
        return _Own("bias", attributes | {"bias": True})
    made_up = [key for key, tensor in node.weights.items() if not tensor.name]
    is_last = name == "shift" or "shift" not in {*node.weights} - {*made_up}
    return _Own(name, attributes) if name in made_up and is_last else None


def _positions(value: Value) -> Dim:
    """All axes of the node's positions."""
    return tuple(chain.from_iterable(value.axes[1:]))


def _thirds(parts: Sequence[Node]) -> Sequence[Node]:
    """The one tensor of which queries, keys and values are thirds, else the parts."""
    wholes = {part.sources for part in parts}
    if len(wholes) > 1 or any(part.name != "slice_channels" for part in parts):
        return parts
    ((whole,),) = wholes
    third = whole.shape[0] // 3
    starts = [dict(part.op or ())["start"] for part in parts]
    fits = starts == [0, third, 2 * third] and all(
        part.shape[0] == third for part in parts
    )
    return [whole] if fits else parts
