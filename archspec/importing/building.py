"""A graph as it is built, op by op, from what any framework calls its operations.

Tensors are `Value`s, nodes with a layout; weights are `Constant`s, arrays with a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any, NamedTuple

import numpy as np

from archspec.importing.affine import absorbed
from archspec.importing.arranging import in_order
from archspec.importing.attending import Attending, Scores, scored, transposed
from archspec.importing.graph import Node
from archspec.importing.layouts import (
    Lacking,
    Unreadable,
    Value,
    aligned,
    assembled,
    cut,
    expanded,
    reshaped,
    unrepeated,
)
from archspec.importing.nodes import Constant, Gap
from archspec.ops import Shape

__all__ = ["Builder", "Constant", "Gap", "Scores", "Stacked", "absorbed"]

Amounts = tuple[int, int, int, int]
Pair = tuple[int, int]


class Stacked(NamedTuple):
    """Tensors beside each other in a new dimension, until they are added up."""

    values: tuple[Value, ...]
    axis: int

    @property
    def shape(self) -> Shape:
        """Its shape in the source."""
        shape = self.values[0].shape
        return *shape[: self.axis], len(self.values), *shape[self.axis :]

    @property
    def parts(self) -> tuple[Value, ...]:
        """The tensors that it depends on."""
        return self.values


class Builder(Attending):
    """Takes operations in order."""

    def given(self, name: str, shape: Shape, *, last: bool = False) -> Value | None:
        """An input of the source, the batch first; None, and a gap, for others.

        It is a vector, or an image whose channels come last with `last`.
        """
        if len(shape) == 2:
            return reshaped(self.input(name, (shape[1], 1, 1)), shape)
        if len(shape) == 4:
            canonical = (shape[-1], *shape[1:-1]) if last else shape[1:]
            return self.input(name, tuple(canonical), last=last)
        self.gaps.append(Gap(name, "an input that is no image", ()))
        return None

    def dense(self, value: Value, weight: Constant, bias: Constant | None) -> Value:
        """A matrix (out, in) for the last dimension."""
        value = self.settled(value, -1, any_order=True)
        weights = {"weight": in_order(weight, value, -1, 1)}
        weights |= {"bias": bias} if bias else {}
        units = weight.shape[0]
        node = self.node(
            "dense", [value.node], weights, units=units, bias=bias is not None
        )
        fresh = self.layouts.first(node).axes[0]
        axes = (fresh, *value.axes[1:])
        dims = *value.dims[:-1], fresh
        return value._replace(node=node, axes=axes, dims=dims)

    def product(self, x: Any, by: Any) -> Any:
        """A product of matrices: a dense layer, scores of attention, or their use."""
        match x, by:
            case Value(), Constant() if by.array.ndim == 2:
                return self.dense(x, by.moved(by.array.T), None)
            case Value(), Value():
                return scored(x, by)
            case Scores(), Value():
                return self.applied(x, by)
            case Value(), Scores():
                return transposed(self.applied(by.turned(), transposed(x)))
            case _:
                raise Lacking("a product of matrices that is no attention")

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
            self.whole(expanded(unrepeated(v), (1,) * (rank - len(v.dims)) + v.shape))
            for v in values
        ]
        largest = max(values, key=lambda value: prod(value.shape))
        for value in values:
            largest, _ = aligned(largest, value)
        nodes = [self._beside(value, largest) for value in values]
        return largest.like(self.node(name, nodes, {}))

    def stacked(self, values: Sequence[Any], axis: int) -> Stacked:
        """Tensors of one shape in a new dimension."""
        alike = {value.shape for value in values if isinstance(value, Value)}
        if len(alike) > 1 or not all(isinstance(value, Value) for value in values):
            raise Unreadable("a stack of tensors of several shapes, or of constants")
        return Stacked(tuple(values), axis % (1 + len(values[0].shape)))

    def averaged(
        self, value: Value | Stacked, axes: Sequence[int], *, keep: bool
    ) -> Value:
        """The mean over positions, or of what is stacked."""
        if isinstance(value, Value):
            return self.pooled("global_avg_pool", value, axes, keep=keep)
        total = self.summed(value, axes, keep=keep)
        return self.scaled(total, 1 / len(value.values))

    def summed(
        self, stack: Value | Stacked, axes: Sequence[int], *, keep: bool
    ) -> Value:
        """The sum of what is stacked; raises Unreadable for another sum."""
        if isinstance(stack, Value):
            raise Lacking("a sum of the numbers of a tensor")
        if [axis % len(stack.shape) for axis in axes] != [stack.axis]:
            raise Unreadable("a sum over other dimensions than that of a stack")
        total = self.join("add", stack.values)
        dims = [*total.dims[: stack.axis], (), *total.dims[stack.axis :]]
        return total._replace(dims=tuple(dims)) if keep else total

    def _beside(self, value: Value, other: Value, channels: int | None = None) -> Node:
        """The node of a value, with axes in the order of those of another's node.

        `channels` is the one dimension in which the two may differ, if any.
        """
        mine, theirs = (_without(each, channels) for each in (value, other))
        if channels is not None and mine.shape != theirs.shape:
            raise Unreadable(f"a concatenation of {other.shape} and {value.shape}")
        value, fine = cut(mine, theirs)
        places = dict(zip(chain.from_iterable(theirs.dims), fine, strict=True))
        if channels is not None:
            places |= dict.fromkeys(other.axes[0], ())
        parts = (chain.from_iterable(map(places.__getitem__, x)) for x in other.axes)
        # what repeats its numbers has them once, and is broadcast
        wanted = tuple(tuple(a for a in dim if not a.repeated) for dim in parts)
        if channels is None:
            return self.arranged(value, wanted)
        if value.shift != other.shift:
            raise Unreadable("a concatenation of tensors that are rolled otherwise")
        # what is rolled alike is joined so
        return self.arranged(value._replace(shift=0), (value.axes[0], *wanted[1:]))

    def concat(self, values: Sequence[Any], axis: int) -> Value:
        """Tensors one after the other along the channels, or tokens before others."""
        *before, last = values
        if axis == 1 and all(isinstance(value, Constant) for value in before):
            tokens = np.concatenate([constant.array for constant in before], 1)
            return self.prefixed(before[0].moved(tokens), last)
        if not all(isinstance(value, Value) for value in values):
            raise Unreadable("a concatenation with a constant")
        axis %= len(last.dims)
        whole = assembled(values, axis) if last.picked else None
        if whole is not None:
            return whole
        first, *others = (self.settled(value, axis) for value in values)
        nodes = [first.node, *(self._beside(value, first, axis) for value in others)]
        node = self.node("concat", nodes, {})
        fresh = self.layouts.first(node).axes[0]
        dims = list(first.dims)
        dims[axis] = fresh
        axes = fresh, *first.axes[1:]
        return first._replace(node=node, axes=axes, dims=tuple(dims))

    def prefixed(self, constant: Constant, value: Value) -> Value:
        """Learned tokens before those of a sequence, (N, tokens, channels)."""
        value = value._replace(node=self.last(value))
        tokens = constant.array[0]
        if (constant.array != tokens).any():
            raise Unreadable("tokens that differ from image to image")
        weights = {"tokens": constant.moved(tokens)}
        node = self.node("prefix_tokens", [value.node], weights, count=len(tokens))
        return self.layouts.first(node, last=True)

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
        self.check_batch(value)
        keep_size = keep or len(value.axes) == 3
        node = self.node(name, [value.node], {}, keep_size=keep_size)
        channels = value.axes[0]
        dims = tuple(
            () if axis in gone else dim
            for axis, dim in enumerate(value.dims)
            if keep or axis not in gone
        )
        return Value(node, (channels, *((),) * (len(node.shape) - 1)), dims)


def _without(value: Value, axis: int | None) -> Value:
    """A value without one of its dimensions."""
    dims = (dim for n, dim in enumerate(value.dims) if n != axis)
    return value._replace(dims=tuple(dims))
