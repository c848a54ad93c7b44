"""Attention, as a layer or as products of matrices."""

from __future__ import annotations

from math import prod
from typing import Any

from archspec.importing.building import Builder, Constant, Scores
from archspec.importing.keras.layers.pointwise import last
from archspec.importing.keras.layers.registry import (
    Use,
    reads,
    reads_scores,
    setting,
    within,
)
from archspec.importing.layouts import Lacking, Unreadable, Value, permuted, reshaped


def projected(builder: Builder, use: Use, x: Value, count: int) -> Value:
    """Contract the last `count` axes with the first of a kernel, which has more."""
    kernel, bias = use.weight(0, "kernel"), use.bias(1)
    inner, outer = kernel.shape[:count], kernel.shape[count:]
    if x.shape[-count:] != inner:
        raise Unreadable(f"a kernel of {kernel.shape} for {x.shape}")
    lead = x.shape[:-count]
    weight = kernel.moved(kernel.array.reshape(prod(inner), -1).T)
    if bias is not None:
        bias = bias.moved(bias.array.reshape(-1))
    found = builder.dense(reshaped(x, (*lead, prod(inner))), weight, bias)
    return reshaped(found, (*lead, *outer))


@reads("MultiHeadAttention")
def _multi_head(
    builder: Builder,
    use: Use,
    query: Value,
    value: Value,
    key: Value | None = None,
    *,
    return_attention_scores: bool = False,
    use_causal_mask: bool = False,
) -> Value:
    config = use.config
    if return_attention_scores or use_causal_mask:
        raise Lacking("attention with a causal mask, or whose scores are returned")
    if config.get("use_gate") or config.get("sliding_window"):
        raise Lacking("attention with a gate, or within a sliding window")
    axes = config.get("attention_axes")
    if axes is not None and [*axes] != [*range(1, len(query.dims) - 1)]:
        raise Lacking(f"attention over axes {axes}")
    lead = query.shape[:-1]
    given = {"query": query, "key": value if key is None else key, "value": value}
    parts = [_headed(builder, use, name, each) for name, each in given.items()]
    found = builder.attention(*parts, scale=None, dropout=setting(use, "dropout"))
    found = permuted(found, (0, 2, 1, 3))
    with within(builder, "output", "Dense"):
        mixed = projected(builder, use.inner["output_dense"], found, 2)
    return reshaped(mixed, (*lead, mixed.shape[-1]))


def _headed(builder: Builder, use: Use, name: str, x: Value) -> Value:
    """A projection of queries, keys or values, (N, heads, positions, channels)."""
    sequence = reshaped(x, (x.shape[0], -1, x.shape[-1]))
    with within(builder, name, "Dense"):
        found = projected(builder, use.inner[f"{name}_dense"], sequence, 1)
    return permuted(found, (0, 2, 1, 3))


@reads("Attention")
def _attention(
    builder: Builder,
    use: Use,
    given: list[Value],
    *,
    return_attention_scores: bool = False,
    use_causal_mask: bool = False,
) -> Value:
    config = use.config
    if return_attention_scores or use_causal_mask:
        raise Lacking("attention with a causal mask, or whose scores are returned")
    if config.get("use_scale") or config.get("score_mode", "dot") != "dot":
        raise Lacking("attention with a learned scale, or scores that are no products")
    query, value, *key = given
    parts = [_of_one_head(each) for each in (query, *(key or [value]), value)]
    found = builder.attention(*parts, scale=1.0, dropout=setting(use, "dropout"))
    return found._replace(dims=(found.dims[0], *found.dims[2:]))


def _of_one_head(x: Value) -> Value:
    if len(x.dims) != 3:
        raise Unreadable(f"attention over tensors of {len(x.dims)} axes")
    return x._replace(dims=(x.dims[0], (), *x.dims[1:]))


@reads("EinsumDense")
def _einsum_dense(builder: Builder, use: Use, x: Value) -> Value:
    """A matrix for the last axes, such as `abc,cde->abde`, or `abc,cde->adbe`."""
    equation, axes = str(use.config["equation"]), use.config.get("bias_axes")
    left, _, result = equation.replace(" ", "").partition("->")
    given, _, kernel = left.partition(",")
    count = sum(letter in given and letter not in result for letter in kernel)
    lead, outer = given[:-count] if count else given, kernel[count:]
    whole = lead + outer
    if not count or given != lead + kernel[:count] or {*result} != {*whole}:
        raise Unreadable(f"a product by the equation '{equation}'")
    if axes is not None and axes != outer:
        raise Unreadable(f"a bias over '{axes}' of '{equation}'")
    own = Use(use.path, {**use.config, "use_bias": axes is not None}, use.weights)
    found = projected(builder, own, x, count)
    return last(builder, permuted(found, [whole.index(a) for a in result]), use)


@reads("DotProductAttention")
def _dot_product(
    builder: Builder, use: Use, query: Value, key: Value, value: Value, **more: Any
) -> Value:
    """Of tensors (N, positions, heads, channels)."""
    if any(more.values()) or use.config.get("is_causal"):
        raise Lacking("attention with a bias or mask")
    if use.config.get("attn_logits_soft_cap") is not None:
        raise Lacking("attention whose scores have a cap")
    parts = [permuted(each, (0, 2, 1, 3)) for each in (query, key, value)]
    found = builder.attention(*parts, scale=None)
    return permuted(found, (0, 2, 1, 3))


# -- scores, until they are applied to values ----------------------------------


@reads("Matmul")
def _matmul(builder: Builder, use: Use, x: Any, by: Any) -> Any:
    return builder.product(x, by)


@reads_scores("Softmax", "Activation")
def _softmax(use: Use, scores: Scores) -> Scores:
    if use.config.get("activation", "softmax") != "softmax":
        raise Unreadable("scores of attention without a softmax")
    return scores.normalised(int(use.config.get("axis", -1)))


@reads_scores("Multiply")
def _times(use: Use, scores: Any, other: Any) -> Scores:
    if not isinstance(scores, Scores):
        scores, other = other, scores
    return scores.times(_number(other))


@reads_scores("Divide", "TrueDivide")
def _over(use: Use, scores: Any, other: Any) -> Scores:
    return scores.times(1 / _number(other))


@reads_scores("Add")
def _plus(use: Use, scores: Any, other: Any) -> Scores:
    if not isinstance(scores, Scores):
        scores, other = other, scores
    if not isinstance(other, Constant):
        raise Unreadable("scores of attention plus a tensor")
    return scores.plus(other)


@reads_scores("Dropout", "Identity")
def _same(use: Use, scores: Scores) -> Scores:
    return scores


def _number(given: Any) -> float:
    if not isinstance(given, int | float) or not given:
        raise Unreadable("scores of attention times or over a tensor")
    return float(given)
