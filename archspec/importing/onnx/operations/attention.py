"""Scores of attention, until they are applied to values."""

from __future__ import annotations

from typing import Any

from archspec.importing.building import Constant, Scores
from archspec.importing.layouts import Unreadable
from archspec.importing.onnx.operations.registry import number, reads_scores


@reads_scores("Softmax")
def _softmax(scores: Scores, *, axis: int = -1) -> Scores:
    if axis not in (-1, 3):
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
    if isinstance(other, Constant) and not other.array.any():
        return scores
    raise Unreadable("attention with a mask, or another bias than relative positions")


@reads_scores("Identity", "Cast", "CastLike", "Dropout")
def _same(scores: Scores, *_: Any, **__: Any) -> Scores:
    return scores
