"""Scores of attention, until they are applied to values."""

from __future__ import annotations

from math import prod
from typing import Any

from archspec.importing.building import Builder, Constant, Scores
from archspec.importing.layouts import Dims, Unreadable, Value, permuted
from archspec.importing.onnx.operations.registry import number, numbers, reads_scores


def scored(query: Value, key: Value) -> Scores:
    """A product of queries and keys, (..., queries, d) and (..., d, keys)."""
    query, key = (value._replace(dims=_four(value.dims)) for value in (query, key))
    return Scores(query, permuted(key, (0, 1, 3, 2)))


def applied(builder: Builder, scores: Scores, value: Value) -> Value:
    """A product of weights and values, laid out as the values are."""
    if not scores.is_normal:
        raise Unreadable("scores of attention without a softmax")
    dims = _four(value.dims)
    four = value._replace(dims=dims)
    found = builder.attention(
        scores.query,
        scores.key,
        four,
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


def _four(dims: Dims) -> Dims:
    """(N, heads, positions, channels of a head), without further axes of size 1."""
    heads = [dim for dim in dims[1:-2] if dim] or [()]
    if len(dims) < 3 or len(heads) != 1:
        raise Unreadable("a product of matrices that is no attention")
    return dims[0], heads[0], *dims[-2:]


@reads_scores("Softmax")
def _softmax(scores: Scores, *, axis: int = -1) -> Scores:
    if axis != -1 and axis != len(scores.query.dims) - 1:
        raise Unreadable("a softmax over queries")
    return scores._replace(is_normal=True)


@reads_scores("Mul")
def _times(scores: Any, other: Any) -> Scores:
    if isinstance(scores, Constant):
        scores, other = other, scores
    if scores.is_normal or not isinstance(other, Constant) or other.array.size != 1:
        raise Unreadable("scores of attention times a tensor")
    return scores._replace(factor=scores.factor * number(other))


@reads_scores("Div")
def _over(scores: Scores, other: Any) -> Scores:
    if isinstance(other, Constant) and other.array.size == 1 and number(other):
        return scores._replace(factor=scores.factor / number(other))
    raise Unreadable("scores of attention over a tensor")


@reads_scores("Add")
def _plus(scores: Any, other: Any) -> Scores:
    if isinstance(scores, Constant):
        scores, other = other, scores
    if not isinstance(other, Constant) or scores.is_normal:
        raise Unreadable("scores of attention plus a tensor")
    groups, heads, *both = scores.shape
    if not other.array.any():
        return scores
    if other.array.size == heads * prod(both):
        return scores._replace(bias=other)
    if groups * prod(both) % other.array.size == 0:
        return scores._replace(mask=other.array)
    raise Unreadable(f"scores of attention plus a constant of {other.shape}")


@reads_scores("Reshape")
def _reshape(scores: Scores, shape: Any, *, allowzero: int = 0) -> Scores:
    if numbers(shape)[-3:] != scores.shape[-3:]:
        raise Unreadable("scores of attention in another shape")
    return scores


@reads_scores("Identity", "Cast", "CastLike", "Dropout")
def _same(scores: Scores, *_: Any, **__: Any) -> Scores:
    return scores
