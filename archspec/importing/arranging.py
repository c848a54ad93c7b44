"""Tensors in the layout that each op needs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from types import MappingProxyType
from typing import Any

from archspec.importing.axes import Dims, size
from archspec.importing.graph import Node
from archspec.importing.layouts import Lacking, Unreadable, Value, arrangement
from archspec.importing.moves import moves
from archspec.importing.nodes import Constant, Gap, Nodes
from archspec.ops import PRIMITIVES
from archspec.ops.normalization import Normalize

MAX_PARTS = 4
"""Of channels whose order may be that of weights."""

_ORDERED = "group_norm", "normalize"
"""Ops over channels whose attributes are in the order of these."""
_OVER_POSITIONS = "group_norm", "global_response_norm"
"""Ops over channels whose results depend on all positions of an image."""


class Arranging(Nodes):
    """A graph under construction, of tensors in any layout."""

    def arranged(self, value: Value, wanted: Dims) -> Node:
        """The node whose axes are those wanted; raises Unreadable."""
        value = self.whole(value)
        if value.shift:
            raise Unreadable("a tensor that is rolled")
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
            node = self.once(move.op, node)
        self.scopes = inner
        return node

    def whole(self, value: Value) -> Value:
        """The value with a node that has its numbers; raises Unreadable.

        What no layer uses up of factors and numbers that are added is `normalize`.
        """
        if value.picked:
            raise Unreadable("a slice with a step")
        if value.is_plain:
            return value
        if value.factor <= 0:
            raise Unreadable(f"a tensor times {value.factor:g}")
        mean = decimal(-value.addend / value.factor)
        op = Normalize(mean=(mean,), std=(decimal(1 / value.factor),))
        return value._replace(node=self.once(op, value.node), factor=1.0, addend=0.0)

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
        return None if below is None else self.rebuilt(node, [below])

    def first(self, value: Value) -> Node:
        """The node whose channels are dimension 1 of the value."""
        self.check_batch(value)
        return self.arranged(value, arrangement(value, last=False))

    def last(self, value: Value) -> Node:
        """The node whose channels are the last dimension of the value."""
        self.check_batch(value)
        return self.arranged(value, arrangement(value, last=True))

    def settled(self, value: Value, axis: int, *, any_order: bool = False) -> Value:
        """The value with a node whose channels are a dimension, wherever that is.

        With `any_order` their order in the node may be another one, see `in_order`.
        """
        value = self.whole(value)
        axis %= len(value.dims)
        others = [dim for n, dim in enumerate(value.dims) if n != axis]
        is_vector = others == [self.layouts.batch]
        if value.dims[axis] == value.axes[0] and is_vector <= (len(value.axes) == 1):
            return value
        self.check_batch(value)
        order = value.dims[axis], *others[1:]
        if any_order and moves(value.axes, order) is None:
            order = _reachable(value, order)
        return Value(self.arranged(value, order), order, value.dims)

    def pointwise(
        self,
        name: str,
        value: Value,
        weights: Mapping[str, Constant] = MappingProxyType({}),
        /,
        **attributes: Any,
    ) -> Value:
        """An op that reads each number by itself, in any layout."""
        value = self.whole(value)
        return value.like(self.node(name, [value.node], weights, **attributes))

    def channelwise(
        self,
        name: str,
        value: Value,
        axis: int,
        weights: Mapping[str, Constant | None],
        /,
        **attributes: Any,
    ) -> Value:
        """An op over the channels at each position; `axis` is that of the channels.

        A scale or shift that is not among the weights is switched off.
        """
        fields = PRIMITIVES[name].fields
        attributes |= {
            key: False
            for key in ("scale", "shift")
            if key in fields and not weights.get(key)
        }
        value = self.settled(value, axis, any_order=name not in _ORDERED)
        if name in _OVER_POSITIONS:
            self.check_batch(value)
        own = {key: in_order(w, value, axis, 0) for key, w in weights.items() if w}
        return value.like(self.node(name, [value.node], own, **attributes))

    def output(self, value: Any) -> Node:
        """The node of an output of the network."""
        try:
            if not isinstance(value, Value):
                raise Unreadable("an output that does not depend on the input")
            if len(value.dims) < 2:
                raise Unreadable("an output that has no channels")
            channels = value.axes[0]
            is_last = channels == value.dims[-1] and channels not in value.dims[1:-1]
            return self.last(value) if is_last else self.first(value)
        except Unreadable as error:
            self.gaps.append(Gap("output", str(error), (), isinstance(error, Lacking)))
            return Node(None, (), ())

    def check_batch(self, value: Value) -> None:
        """Raise Unreadable unless the first dimension is the batch alone."""
        if value.dims[:1] != (self.layouts.batch,):
            raise Unreadable("a tensor whose first dimension is not the batch")


def decimal(number: float) -> float:
    """A number with as many digits as specs have."""
    return float(f"{number:.12g}") + 0.0


def rounded(number: float) -> float:
    """A setting as a person would write it: it was written as decimal digits."""
    return float(f"{number:.6g}")


def _reachable(value: Value, order: Dims) -> Dims:
    """An arrangement with the channels in an order that ops lead to, if any."""
    channels, *positions = order
    if len(channels) > MAX_PARTS:
        return order
    orders = ((each, *positions) for each in permutations(channels))
    return next((each for each in orders if moves(value.axes, each) is not None), order)


def in_order(constant: Constant, value: Value, axis: int, dim: int) -> Constant:
    """A weight whose dimension `dim` is in the order of the channels of a value's node.

    `axis` is the dimension of the value's channels, whose order the weight has.
    """
    mine, wanted = value.dims[axis], value.axes[0]
    if mine == wanted:
        return constant
    before, after = constant.shape[:dim], constant.shape[dim + 1 :]
    split = constant.array.reshape(*before, *(part.size for part in mine), *after)
    places = [len(before) + mine.index(part) for part in wanted]
    start, end = len(before), len(before) + len(mine)
    order = [*range(start), *places, *range(end, split.ndim)]
    return constant._replace(array=split.transpose(order).reshape(constant.shape))
