"""Attention as nodes: products of matrices with all batch axes in front."""

from __future__ import annotations

from math import prod

import numpy as np

from archspec.ops.attending import Attending
from archspec.ops.attention import Attention, LinearAttention, SeparableAttention
from archspec.ops.places import Places
from archspec.ops.shapes import Shape, is_sequence
from archspec.targets.onnx.graph import Site

ROLES = "query", "key", "value"


def attention(site: Site, op: Attention) -> None:
    """`Softmax` between two products, within each head and group of positions."""
    (query, key, value), shapes = _three(site, op)
    size, value_size, shared = op.sizes(*shapes)
    places = op.places(*shapes[:2])
    others = places if places.groups > 1 or op.shift else Places(shapes[1][1:])
    batch = _batch(places)
    heads = shared, op.heads // shared

    q = _split(site, "query", query, places, (*batch, *heads, size))
    k = _split(site, "key", key, others, (*batch, shared, 1, size))
    v = _split(site, "value", value, others, (*batch, shared, 1, value_size))
    q = _turned(site, "query_rows", q, len(batch) + 4)
    v = _turned(site, "value_rows", v, len(batch) + 4)
    scores = site.part("scores", "MatMul", q, k)
    scale = size**-0.5 if op.scale is None else op.scale
    scores = site.part("scaled", "Mul", scores, site.number(scale))
    length = prod(places.group)
    if op.relative_bias is not None:
        signed = op.relative_bias == "signed"
        site.reserve(length**2)
        rows, columns = places.offsets(np.zeros(0), signed=signed)
        table = site.weights["table"]
        index = (rows * table.shape[2] + columns).ravel()
        at = site.constant("offsets", index.astype(np.int64))
        flat = site.weight("table", (op.heads, -1))
        bias = site.part("offset_bias", "Gather", flat, at, axis=1)
        shape = site.whole(*heads, length, length)
        bias = site.part("bias", "Reshape", bias, shape)
        scores = site.part("biased", "Add", scores, bias)
    if op.shift:
        site.reserve(places.groups * length**2)
        mask = places.mask(np.zeros(0))[:, None, None].astype(np.float32)
        scores = site.part("masked", "Add", scores, site.constant("mask", mask))
    weights = site.part("weights", "Softmax", scores, axis=-1)
    seen = site.part("seen", "MatMul", weights, v)
    _merge(site, _turned(site, "seen_columns", seen, len(batch) + 4), places)


def linear_attention(site: Site, op: LinearAttention) -> None:
    """Keys and values are multiplied first, and then both with the queries."""
    (query, key, value), shapes = _three(site, op)
    size, value_size, shared = op.sizes(*shapes)
    places, others = Places(shapes[0][1:]), Places(shapes[1][1:])
    q = _split(site, "query", query, places, (0, shared, op.heads // shared, size))
    k = _split(site, "key", key, others, (0, shared, 1, size))
    v = _split(site, "value", value, others, (0, shared, 1, value_size))
    rows = _turned(site, "key_rows", k, 5)
    context = site.part("context", "MatMul", v, rows)
    seen = site.part("seen", "MatMul", context, q)
    total = site.part("total", "ReduceSum", rows, site.whole(-2), keepdims=1)
    divisor = site.part("divisor", "MatMul", total, q)
    divisor = site.part("above_zero", "Add", divisor, site.number(op.epsilon))
    _merge(site, site.part("mean", "Div", seen, divisor), places)


def separable_attention(site: Site, op: SeparableAttention) -> None:
    """`Softmax` over the positions of a group, a sum of keys, and a product."""
    (query, key, value), shapes = _three(site, op)
    places = op.places(*shapes[:2])
    batch, channels = _batch(places), shapes[1][0]
    q = _split(site, "query", query, places, (*batch, 1))
    k = _split(site, "key", key, places, (*batch, channels))
    v = _split(site, "value", value, places, (*batch, channels))
    weights = site.part("weights", "Softmax", q, axis=-1)
    weighed = site.part("weighed", "Mul", weights, k)
    context = site.part("context", "ReduceSum", weighed, site.whole(-1), keepdims=1)
    _merge(site, site.part("seen", "Mul", v, context), places)


def _three(site: Site, op: Attending) -> tuple[tuple[str, ...], tuple[Shape, ...]]:
    """Names of the queries, keys and values, and their shapes."""
    shapes = op.three(site.layer.inputs)
    if len(site.inputs) > 1:
        return site.inputs, shapes
    names = [f"{site.layer.path}/{role}" for role in ROLES]
    sizes = site.whole(*(shape[0] for shape in shapes))
    axis = 2 if is_sequence(shapes[0]) else 1
    site.graph.node(names[0], "Split", [*site.inputs, sizes], *names, axis=axis)
    return tuple(names), shapes


def _batch(places: Places) -> tuple[int, ...]:
    """The first axes, the batch and perhaps groups; 0 keeps an axis as it is."""
    return (0, places.groups) if places.groups > 1 or places.shift else (0,)


def _split(site: Site, role: str, x: str, places: Places, lead: Shape) -> str:
    """(N, channels, *size) -> (*lead, positions of a group).

    A sequence has its channels last.
    """
    if len(places.size) == 1:
        x = site.part(f"{role}_columns", "Transpose", x, perm=(0, 2, 1))
    if places.groups > 1 or places.shift:
        whole, outer, inner = places.axes
        x = _rolled(site, role, x, places.size, places.shift)
        x = site.part(f"{role}_cut", "Reshape", x, site.whole(0, -1, *whole))
        order = 0, *(2 + a for a in outer), 1, *(2 + a for a in inner)
        x = site.part(f"{role}_groups", "Transpose", x, perm=order)
    shape = *lead, prod(places.group)
    return site.part(f"{role}_heads", "Reshape", x, site.whole(*shape))


def _merge(site: Site, x: str, places: Places) -> None:
    """The way back, whose last node is the layer's output."""
    channels, *size = site.layer.output
    if len(size) == 1:
        x = site.part("columns", "Reshape", x, site.whole(0, channels, *size))
        site.end("Transpose", x, perm=(0, 2, 1))
        return
    if places.groups == 1 and not places.shift:
        site.end("Reshape", x, site.whole(0, channels, *size))
        return
    whole, outer, inner = places.axes
    sides = [whole[axis] for axis in (*outer, *inner)]
    grouped = site.whole(0, *sides[:2], channels, *sides[2:])
    x = site.part("groups", "Reshape", x, grouped)
    order = 0, *(2 + a for a in outer), 1, *(2 + a for a in inner)
    x = site.part("rows", "Transpose", x, perm=tuple(map(order.index, range(6))))
    shape = site.whole(0, channels, *size)
    if not places.shift:
        site.end("Reshape", x, shape)
        return
    x = site.part("shifted", "Reshape", x, shape)
    x = _rolled(site, "back", x, places.size, -places.shift)
    site.end("Identity", x)


def _rolled(site: Site, part: str, x: str, size: Shape, shift: int) -> str:
    """The feature map moved up and to the left, around its edges."""
    for axis, length in enumerate(size, 2) if shift else ():
        at, zero, end = (site.whole(n) for n in (shift % length, 0, length))
        along, name = site.whole(axis), f"{part}_{axis}"
        after = site.part(f"{name}_after", "Slice", x, at, end, along)
        before = site.part(f"{name}_before", "Slice", x, zero, at, along)
        x = site.part(name, "Concat", after, before, axis=axis)
    return x


def _turned(site: Site, part: str, x: str, rank: int) -> str:
    """The last two axes exchanged."""
    order = *range(rank - 2), rank - 1, rank - 2
    return site.part(part, "Transpose", x, perm=order)
