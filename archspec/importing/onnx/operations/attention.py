"""Scores of attention, until they are applied to values."""

from __future__ import annotations

from typing import Any

from archspec.importing.building import Constant, Scores
from archspec.importing.layouts import Unreadable
from archspec.importing.onnx.arrays import resolved
from archspec.importing.onnx.operations.registry import number, numbers, reads_scores


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
