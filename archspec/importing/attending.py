"""Attention, over all positions or within windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import isclose, prod
from typing import Any, NamedTuple

import numpy as np

from archspec.importing.affine import Affine
from archspec.importing.axes import Dim, Dims, dim_of, size
from archspec.importing.graph import Node
from archspec.importing.groups import HIDDEN, bias_table, check_mask, groups
from archspec.importing.layouts import Lacking, Unreadable, Value, permuted
from archspec.importing.nodes import Constant
from archspec.ops import Shape


class Scores(NamedTuple):
    """Products of queries and keys, (N, heads, queries, keys), and what they became.

    `view` is their shape in the source, where that is another: the last dimensions are
    the same. The methods raise Unreadable.
    """

    query: Value
    key: Value
    view: Shape = ()
    factor: float = 1.0
    bias: Constant | None = None
    mask: Any = None
    """What is added in each group, (groups, queries, keys)."""
    is_normal: bool = False
    """Whether a softmax made weights of them."""
    is_turned: bool = False
    """Whether the source has queries last."""

    @property
    def parts(self) -> tuple[Value, ...]:
        """The tensors that it depends on."""
        return self.query, self.key

    @property
    def whole(self) -> Shape:
        """(N, heads, queries, keys)."""
        return *self.query.shape[:3], self.key.shape[2]

    @property
    def shape(self) -> Shape:
        """Its shape in the source."""
        return self.view or self.whole

    def viewed(self, shape: Sequence[int]) -> Scores:
        """In another shape, which may have one -1."""
        if self.is_turned:
            raise Unreadable("scores of attention in another shape")
        known = prod(length for length in shape if length != -1)
        rest = prod(self.whole) // known if known else 0
        view = tuple(rest if length == -1 else length for length in shape)
        if prod(view) != prod(self.whole) or view[-3:] != self.whole[-3:]:
            raise Unreadable("scores of attention in another shape")
        return self._replace(view=view)

    def turned(self) -> Scores:
        """With keys and queries exchanged."""
        *others, rows, columns = self.shape
        view = (*others, columns, rows)
        return self._replace(view=view, is_turned=not self.is_turned)

    def times(self, factor: float) -> Scores:
        """All of them times a number."""
        if self.is_normal or self.bias or self.mask is not None:
            raise Unreadable("a factor after the softmax or bias of attention")
        return self._replace(factor=self.factor * factor)

    def normalised(self, axis: int) -> Scores:
        """By a softmax over an axis."""
        keys = len(self.shape) - 1 - self.is_turned
        if self.is_normal or axis % len(self.shape) != keys:
            raise Unreadable("a softmax over queries")
        return self._replace(is_normal=True)

    def plus(self, constant: Constant) -> Scores:
        """With a bias of each head, or a mask of each group of positions."""
        shape, array = self.shape, constant.array
        if self.is_normal or self.is_turned:
            raise Unreadable(
                "a sum after the softmax of attention, or with queries last"
            )
        array = array.reshape((1,) * (len(shape) - array.ndim) + array.shape)
        if any(n not in (1, m) for n, m in zip(array.shape, shape, strict=True)):
            raise Unreadable(f"scores of attention plus a constant of {constant.shape}")
        if not array.any():
            return self
        heads, *both = self.whole[1:]
        along = [axis for axis, n in enumerate(array.shape[:-2]) if n > 1]
        if len(along) == 2 and array.shape[along[1]] == heads:
            bias, mask = _parted(constant.moved(array), along[0])
            return self.plus(bias).plus(mask)
        every = [axis for axis, n in enumerate(shape[:-2]) if n == heads > 1][-1:]
        array = np.broadcast_to(array, (*array.shape[:-2], *both)).reshape(-1, *both)
        if along == every and self.bias is None:
            return self._replace(bias=constant.moved(array))
        inner = prod(shape[along[0] + 1 : -2]) if along else heads
        if len(along) > 1 or inner != heads or self.mask is not None:
            raise Unreadable(f"scores of attention plus a constant of {constant.shape}")
        return self._replace(mask=array)


def _parted(constant: Constant, groups: int) -> tuple[Constant, Constant]:
    """The bias of each head, and the mask of each group, of which both are the sum.

    `groups` is the axis of the groups. Where no group hides it, the bias is unchanged.
    """
    array, made_of = constant.array, constant.made_of
    bias = array.max(groups, keepdims=True)
    hidden = array < bias + HIDDEN
    heads = tuple(range(groups + 1, array.ndim - 2))
    is_alike = hidden.any(heads) == hidden.all(heads)
    if not is_alike.all() or (array != bias)[~hidden].any():
        raise Unreadable("attention with masks or biases of heads and groups")
    mask = np.where(hidden.any(heads, keepdims=True), -np.inf, 0.0)
    name = made_of[0] if len(made_of) == 1 else constant.name
    kept = made_of if len(made_of) > 1 else ()
    return Constant(name, bias, kept), Constant("", mask)


def scored(query: Value, key: Value) -> Scores:
    """A product of queries and keys, (..., queries, d) and (..., d, keys)."""
    view = (*query.shape[:-1], key.shape[-1])
    query, key = (value._replace(dims=_four(value.dims)) for value in (query, key))
    found = Scores(query, permuted(key, (0, 1, 3, 2)))
    return found if found.whole == view else found._replace(view=view)


def transposed(value: Value) -> Value:
    """With the last two dimensions exchanged."""
    *others, rows, columns = range(len(value.dims))
    return permuted(value, (*others, columns, rows))


def _four(dims: Dims) -> Dims:
    """(N, heads, positions, channels of a head), without further axes of size 1."""
    heads = [dim for dim in dims[1:-2] if dim] or [()]
    if len(dims) < 3 or len(heads) != 1:
        raise Lacking("a product of matrices that is no attention")
    return dims[0], heads[0], *dims[-2:]


class Attending(Affine):
    """Adds attention."""

    def applied(self, scores: Scores, value: Value) -> Value:
        """A product of weights and values, laid out as the values are."""
        if not scores.is_normal:
            raise Unreadable("scores of attention without a softmax")
        if scores.is_turned:
            raise Unreadable("a product of matrices that is no attention")
        found = self.attention(
            scores.query,
            scores.key,
            value._replace(dims=_four(value.dims)),
            scale=scores.factor,
            bias=scores.bias,
            mask=scores.mask,
        )
        if len(value.dims) == 3:
            return found._replace(dims=(found.dims[0], *found.dims[2:]))
        # what has size 1 beside the heads stays where it was
        heads = iter(found.dims[1:2])
        between = [dim and next(heads, ()) for dim in value.dims[1:-2]]
        return found._replace(dims=(found.dims[0], *between, *found.dims[2:]))

    def attention(
        self,
        query: Value,
        key: Value,
        value: Value,
        *,
        scale: float | None,
        bias: Constant | None = None,
        mask: Any = None,
        dropout: float = 0.0,
    ) -> Value:
        """Attention over (N, heads, positions, channels of a head).

        `scale` is by default that of the channels; `bias` and `mask` are added to the
        scores, and `dropout` is that of the weights. Raises Unreadable.
        """
        if any(len(each.dims) != 4 for each in (query, key, value)):
            raise Unreadable("attention over other dimensions than heads and positions")
        if key.shape[:3] != value.shape[:3] or key.shape[3] != query.shape[3]:
            raise Unreadable(f"attention over {key.shape} and {value.shape}")
        heads, together = query.dims[1], groups(query, self.layouts.batch)
        check_mask(mask, together.places, self.layouts.batch[0].size)
        own: dict[str, Any] = {**together.attributes, **_scale(query, key, scale)}
        own |= {"dropout": dropout} if dropout else {}
        weights: dict[str, Constant] = {}
        if bias is not None:
            scores = bias.array.reshape(-1, *bias.array.shape[-2:])
            own["relative_bias"], table = bias_table(scores, together.places)
            weights["table"] = bias.moved(table)
        query, key = map(self._unshifted, (query, key))
        parts = [self._heads(each, query) for each in (query, key, value)]
        node = self.node("attention", _thirds(parts), weights, heads=size(heads), **own)
        positions = query.axes[1:]
        if not together.attributes and parts[0] is not query.node:
            positions = (query.dims[2],)
        each = dim_of(node.shape[0] // size(heads))
        axes = (*heads, *each), *positions
        dims = query.dims[0], heads, query.dims[2], each
        return query._replace(
            node=node, axes=axes, dims=dims, factor=value.factor, addend=value.addend
        )

    def _unshifted(self, value: Value) -> Value:
        """A value that has a factor at most, which the scale can have."""
        return self.whole(value) if value.addend else value

    def _heads(self, value: Value, query: Value) -> Node:
        """The node of queries, keys or values, its channels divided among heads."""
        _, heads, positions, each = value.dims
        channels = (*heads, *each)
        in_place = value.axes[0] == channels and value.shift == query.shift
        within = (*value.dims[:1], positions) == (*query.dims[:1], query.dims[2])
        if in_place and within and query.dims[0] != self.layouts.batch:
            return value.node
        # the scale has that of queries and keys, the output that of values
        value = value._replace(factor=1.0, addend=0.0)
        self.check_batch(value)
        if in_place and _positions(value) == positions:
            return value.node
        return self.arranged(value, (channels, positions))


def _scale(query: Value, key: Value, scale: float | None) -> dict[str, float]:
    """The factor of the scores, unless it is the usual one."""
    usual = query.shape[-1] ** -0.5
    whole = (usual if scale is None else scale) * query.factor * key.factor
    # constants of files are in single precision
    is_usual = isclose(whole, usual, rel_tol=1e-6)
    return {} if is_usual else {"scale": float(f"{whole:.6g}")}


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
