"""Attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from archspec.importing.building import Builder, Constant, Scores
from archspec.importing.layouts import Lacking, Unreadable, Value
from archspec.importing.torch.operations.registry import (
    reads,
    reads_scores,
)


@reads("scaled_dot_product_attention")
def _scaled_dot_product_attention(
    builder: Builder,
    query: Value | Constant,
    *,
    key: Value | Constant,
    value: Value | Constant,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    if is_causal or isinstance(attn_mask, Value):
        raise Unreadable("attention with a mask that depends on the input")
    if (
        isinstance(query, Constant)
        or isinstance(key, Constant)
        or isinstance(value, Constant)
    ):
        raise Lacking("attention with queries, keys or values that read no tensor")
    scores = Scores(query, key)
    if attn_mask is not None:
        scores = scores.plus(_added(attn_mask))
    bias, mask = scores.bias, scores.mask
    return builder.attention(query, key, value, scale=scale, bias=bias, mask=mask)


def _added(mask: Constant) -> Constant:
    """What a mask adds to scores: one of truth values shows where it is true."""
    if mask.array.dtype != bool:
        return mask
    return mask.moved(np.where(mask.array, 0.0, -np.inf))


@reads("matmul", "bmm")
def _matmul(builder: Builder, x: Any, *, other: Any = None, mat2: Any = None) -> Any:
    return builder.product(x, mat2 if other is None else other)


@reads_scores("softmax", "_softmax")
def _softmax(scores: Scores, *, dim: int, **_: Any) -> Scores:
    return scores.normalised(dim)


@reads_scores("transpose")
def _transpose(scores: Scores, *, dim0: int, dim1: int) -> Scores:
    rank = len(scores.shape)
    if {dim0 % rank, dim1 % rank} != {rank - 1, rank - 2}:
        raise Unreadable("scores of attention in another order of dimensions")
    return scores.turned()


@reads_scores("mul")
def _times(scores: Scores, *, other: Any) -> Scores:
    if not isinstance(other, int | float):
        raise Unreadable("scores of attention times a tensor")
    return scores.times(other)


@reads_scores("div")
def _over(scores: Scores, *, other: Any) -> Scores:
    return _times(scores, other=1 / other)


@reads_scores("alias", "clone", "contiguous", "detach", "dropout", "to", "type_as")
def _same(scores: Scores, **_: Any) -> Scores:
    return scores


@reads_scores("add")
def _plus(scores: Scores, *, other: Any, alpha: float = 1) -> Scores:
    if not isinstance(other, Constant) or alpha != 1:
        raise Unreadable("scores of attention plus a tensor")
    return scores.plus(other)


@reads_scores("view", "reshape", "_unsafe_view")
def _view(scores: Scores, *, size: Any = (), shape: Any = ()) -> Scores:
    return scores.viewed((*size, *shape))
