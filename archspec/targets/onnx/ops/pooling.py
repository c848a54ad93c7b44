"""Pools as nodes."""

from __future__ import annotations

from math import prod

import numpy as np

from archspec.ops import arrays
from archspec.ops.pooling import (
    AdaptiveAvgPool,
    AvgPool,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
)
from archspec.targets.onnx.graph import Site
from archspec.targets.onnx.windows import map_pads, window


def max_pool(site: Site, op: MaxPool) -> None:
    """`MaxPool`; the pixels that `ceil` adds are ordinary padding."""
    site.end("MaxPool", *site.inputs, **window(op, op.window.reach(site.size)))
    if site.reads("Pad"):
        # onnxruntime (1.31) makes a Pad's zeros the pool's own padding, which is minus
        # infinity; not so where the pool gives the indices too
        site.graph.nodes[-1].output.append(f"{site.layer.path}/indices")


def avg_pool(site: Site, op: AvgPool) -> None:
    """`AveragePool`, which counts all of its padding, or none.

    So a `Pad` goes first where padding counts but the pixels that `ceil` adds do not.
    Runtimes disagree about the rounding of their own `ceil_mode`.
    """
    (image,) = site.inputs
    amounts, beyond = op.window.amounts(site.size), op.window.overhang(site.size)
    if not (op.count_padding and any(beyond)):
        counts = {"count_include_pad": 1} if op.count_padding else {}
        both = op.window.reach(site.size)
        site.end("AveragePool", image, **window(op, both), **counts)
        return
    if any(amounts):
        image = site.part("pad", "Pad", image, site.whole(*map_pads(amounts)))
    site.end("AveragePool", image, **window(op, beyond))


def adaptive_avg_pool(site: Site, op: AdaptiveAvgPool) -> None:
    """`AveragePool` to a size that divides the input's, else products with matrices."""
    if not any(old % new for old, new in zip(site.size, op.size, strict=True)):
        kernel = tuple(old // new for old, new in zip(site.size, op.size, strict=True))
        site.end("AveragePool", *site.inputs, kernel_shape=kernel, strides=kernel)
        return
    site.reserve(sum(map(prod, zip(site.size, op.size, strict=True))))
    rows, columns = (
        arrays.means(np, old, new) for old, new in zip(site.size, op.size, strict=True)
    )
    down = site.part("down", "MatMul", site.matrix("rows", rows), *site.inputs)
    site.end("MatMul", down, site.matrix("columns", columns.T))


def global_avg_pool(site: Site, op: GlobalAvgPool) -> None:
    """`GlobalAveragePool` keeps the two axes of a map, `ReduceMean` drops them."""
    if op.keep_size and site.of_maps:
        site.end("GlobalAveragePool", *site.inputs)
    else:
        _reduced(site, "ReduceMean", op.keep_size)


def global_max_pool(site: Site, op: GlobalMaxPool) -> None:
    """`ReduceMax` keeps the axes of the positions, or drops them."""
    _reduced(site, "ReduceMax", op.keep_size)


def _reduced(site: Site, operator: str, keep: bool) -> None:
    axes = site.whole(*site.positions)
    site.end(operator, *site.inputs, axes, keepdims=int(keep))
