"""Attention."""

from __future__ import annotations

from typing import Any

from archspec.importing.building import Builder
from archspec.importing.layouts import Unreadable, Value
from archspec.importing.torch.operations.registry import (
    reads,
)


@reads("scaled_dot_product_attention")
def _scaled_dot_product_attention(
    builder: Builder,
    query: Value,
    *,
    key: Value,
    value: Value,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    if attn_mask is not None or is_causal:
        raise Unreadable("attention with a mask")
    return builder.attention(query, key, value, scale=scale)
