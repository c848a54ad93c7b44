"""Ops of sequences as nodes."""

from __future__ import annotations

import numpy as np

from archspec.ops.sequence import (
    PositionEmbedding,
    PrefixTokens,
    Rotary,
    SlicePositions,
    Take,
    Tokens,
    ToMap,
    Transpose,
)
from archspec.targets.onnx.graph import Site


def tokens(site: Site, _: Tokens) -> None:
    """`Reshape` to (N, channels, length), `Transpose`; 0 keeps the batch."""
    (channels, length) = site.layer.output
    rows = site.part("rows", "Reshape", *site.inputs, site.whole(0, channels, length))
    site.end("Transpose", rows, perm=(0, 2, 1))


def to_map(site: Site, _: ToMap) -> None:
    """`Transpose` to (N, channels, length), `Reshape`."""
    first = site.part("channels_first", "Transpose", *site.inputs, perm=(0, 2, 1))
    site.end("Reshape", first, site.whole(0, *site.layer.output))


def prefix_tokens(site: Site, _: PrefixTokens) -> None:
    """`Concat` of the tokens, as often as there are images, and the sequence."""
    batch = site.part("batch", "Shape", *site.inputs, start=0, end=1)
    shape = site.whole(*site.weights["tokens"].shape)
    shape = site.part("shape", "Concat", batch, shape, axis=0)
    own = site.part("own", "Expand", site.weight("tokens"), shape)
    site.end("Concat", own, *site.inputs, axis=1)


def position_embedding(site: Site, _: PositionEmbedding) -> None:
    """`Add` of the embedding, channels first for a feature map."""
    embedding = site.weights["embedding"]
    if site.of_maps:
        embedding = embedding.T.reshape(site.layer.output)
    site.end("Add", *site.inputs, site.stored("embedding", embedding))


def take(site: Site, op: Take) -> None:
    """`Gather` of one position, whose axis is dropped."""
    index = site.graph.tensor(f"index/{op.index}", np.array(op.index, np.int64))
    site.end("Gather", *site.inputs, index, axis=1)


def slice_positions(site: Site, op: SlicePositions) -> None:
    """`Slice` along the positions."""
    start, stop = op.start, op.start + site.layer.output[1]
    ends = site.whole(start), site.whole(stop)
    site.end("Slice", *site.inputs, *ends, site.whole(1))


def transpose(site: Site, _: Transpose) -> None:
    """`Transpose` of channels and positions."""
    site.end("Transpose", *site.inputs, perm=(0, 2, 1))


def rotary(site: Site, op: Rotary) -> None:
    """The halves of each head, turned by constants, and put together."""
    channels, length = site.layer.output
    site.reserve(2 * length * channels // op.heads)
    angles = op.angles(np, (channels, length))[:, None]
    cos, sin = site.matrix("cos", np.cos(angles)), site.matrix("sin", np.sin(angles))
    shape = site.whole(0, length, op.heads, 2, channels // op.heads // 2)
    heads = site.part("heads", "Reshape", *site.inputs, shape)
    p, q = (
        site.part(
            half, "Gather", heads, site.constant(f"at_{half}", np.array(n)), axis=3
        )
        for n, half in enumerate(("first", "second"))
    )
    terms = {
        f"{half}_{name}": site.part(f"{half}_{name}", "Mul", x, factor)
        for half, x in (("first", p), ("second", q))
        for name, factor in (("cos", cos), ("sin", sin))
    }
    one = site.part("one", "Sub", terms["first_cos"], terms["second_sin"])
    other = site.part("other", "Add", terms["second_cos"], terms["first_sin"])
    turned = site.part("turned", "Concat", one, other, axis=3)
    site.end("Reshape", turned, site.whole(0, length, channels))
