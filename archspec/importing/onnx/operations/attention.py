"""Scores of attention, until they are applied to values."""

from __future__ import annotations

from typing import Any

from archspec.importing.building import Builder, Constant, Scores
from archspec.importing.layouts import Dims, Unreadable, Value, permuted
from archspec.importing.onnx.arrays import resolved
from archspec.importing.onnx.operations.registry import number, numbers, reads_scores


def scored(query: Value, key: Value) -> Scores:
    """A product of queries and keys, (..., queries, d) and (..., d, keys)."""
    view = *query.shape[:-1], key.shape[-1]
    query, key = (value._replace(dims=_four(value.dims)) for value in (query, key))
    return Scores(query, permuted(key, (0, 1, 3, 2)), view)


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
    return scores.normalised(axis)


@reads_scores("Mul")
def _times(scores: Any, other: Any) -> Scores:
    if isinstance(scores, Constant):
        scores, other = other, scores
    if not isinstance(other, Constant) or other.array.size != 1:
        raise Unreadable("scores of attention times a tensor")
    return scores.times(number(other))


@reads_scores("Div")
def _over(scores: Any, other: Any) -> Scores:
    if not isinstance(other, Constant) or other.array.size != 1 or not number(other):
        raise Unreadable("scores of attention over a tensor")
    return scores.times(1 / number(other))


@reads_scores("Add")
def _plus(scores: Any, other: Any) -> Scores:
    if isinstance(scores, Constant):
        scores, other = other, scores
    if not isinstance(other, Constant):
        raise Unreadable("scores of attention plus a tensor")
    return scores.plus(other)


@reads_scores("Reshape")
def _reshape(scores: Scores, shape: Any, *, allowzero: int = 0) -> Scores:
    wanted = resolved(numbers(shape), scores.shape, keep_zeros=bool(allowzero))
    return scores.viewed(wanted)


@reads_scores("Identity", "Cast", "CastLike", "Dropout")
def _same(scores: Scores, *_: Any, **__: Any) -> Scores:
    return scores
