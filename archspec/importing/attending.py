"""Attention, over all positions or within windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import isclose
from typing import NamedTuple

from archspec.importing.affine import Affine
from archspec.importing.graph import Node
from archspec.importing.layouts import (
    Dim,
    Unreadable,
    Value,
    dim_of,
    size,
)


class Scores(NamedTuple):
    """Products of queries and keys, (N, heads, queries, keys), and what they became."""

    query: Value
    key: Value
    factor: float = 1.0
    is_normal: bool = False
    """Whether a softmax made weights of them."""


class Attending(Affine):
    """Adds attention."""

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
