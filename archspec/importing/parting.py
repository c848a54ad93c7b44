"""Parts of tensors: channels, positions, the queries among queries, keys and values."""

from __future__ import annotations

from typing import Any

from archspec.importing.arranging import Arranging
from archspec.importing.axes import dim_of, size
from archspec.importing.graph import Node
from archspec.importing.layouts import Unreadable, Value, stepped
from archspec.importing.nodes import Constant


class Parting(Arranging):
    """Takes parts."""

    def __init__(self, batch: int):
        super().__init__(batch)
        self._reordered: dict[tuple[Node, int, int], Node] = {}

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
        own = value.axes[0][: -len(dim)]
        if dim and own and value.axes[0] == (*own, *dim):
            return self._of_each(value, axis, start, stop)
        if axis in (1, len(value.dims) - 1) and len(dim) > 1:
            # channels that were rearranged, such as shuffled ones
            value = self.settled(value, axis)
            node = self.node("slice_channels", [value.node], {}, start=start, stop=stop)
            return self._shortened(value, node, 0, axis, stop - start)
        if len(value.axes) == 2 and dim == value.axes[1]:
            node = self.node(
                "slice_positions", [value.node], {}, start=start, stop=stop
            )
            return self._shortened(value, node, 1, axis, stop - start)
        raise Unreadable("a slice of neither channels nor positions")

    def stepped(self, value: Value, axis: int, start: int, step: int) -> Value:
        """Every n-th entry of rows or columns; raises Unreadable."""
        dim = value.dims[axis]
        if len(dim) != 1 or dim[0].size % step or start >= step or dim[0].repeated:
            raise Unreadable("a slice with a step that does not divide its axis")
        return stepped(value, axis, start, dim[0].parts(dim[0].size // step))

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
            return value._replace(node=node, axes=value.axes[:1], dims=dims)
        if not dim:
            return value._replace(dims=dims)
        raise Unreadable("one entry of neither channels nor positions")

    def _of_each(self, value: Value, axis: int, start: int, stop: int) -> Value:
        """Some channels of each head, of a layer whose outputs can be reordered."""
        dim, length = value.dims[axis], stop - start
        heads = value.axes[0][: -len(dim)]
        is_even = size(dim) % length == start % length == 0
        is_whole = dict(value.node.op or ()).get("groups", 1) == 1
        if value.node.name not in ("conv", "dense") or not (is_even and is_whole):
            raise Unreadable("a part of each head")
        node = self._by_part(value.node, size(heads), size(dim) // length)
        first = start // length * size(heads) * length
        bounds = {"start": first, "stop": first + size(heads) * length}
        part = self.node("slice_channels", [node], {}, **bounds)
        fresh = dim_of(length)
        axes = (*heads, *fresh), *value.axes[1:]
        dims = tuple(fresh if n == axis else each for n, each in enumerate(value.dims))
        return value._replace(node=part, axes=axes, dims=dims)

    def _by_part(self, node: Node, heads: int, parts: int) -> Node:
        """The same layer, with all heads of a part next to each other."""
        key = node, heads, parts
        if key not in self._reordered:
            weights = {
                name: Constant(*tensor).moved(_exchanged(tensor.array, heads, parts))
                for name, tensor in node.weights.items()
            }
            self._reordered[key] = self.rebuilt(node, None, weights)
        return self._reordered[key]

    def _part(self, value: Value, axis: int, start: int, stop: int) -> Value:
        """Some of the parts that the channels were divided into, such as of queries."""
        inner = size(value.axes[0][1:])
        bounds = {"start": start * inner, "stop": stop * inner}
        node = self.node("slice_channels", [value.node], {}, **bounds)
        fresh = dim_of(stop - start)
        channels = (*fresh, *value.axes[0][1:])
        dims = tuple(fresh if n == axis else dim for n, dim in enumerate(value.dims))
        axes = channels, *value.axes[1:]
        return value._replace(node=node, axes=axes, dims=dims)

    def _shortened(
        self, value: Value, node: Node, which: int, axis: int, length: int
    ) -> Value:
        fresh = dim_of(length)
        axes = tuple(fresh if n == which else dim for n, dim in enumerate(value.axes))
        dims = tuple(fresh if n == axis else dim for n, dim in enumerate(value.dims))
        return value._replace(node=node, axes=axes, dims=dims)


def _exchanged(array: Any, heads: int, parts: int) -> Any:
    """Rows (heads, parts, each) as (parts, heads, each)."""
    split = array.reshape(heads, parts, -1, *array.shape[1:])
    return split.swapaxes(0, 1).reshape(array.shape)
