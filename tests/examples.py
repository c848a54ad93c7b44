"""Layers to try of each op, from the examples that its attributes have."""

from __future__ import annotations

import json
import re
from itertools import product
from math import prod
from typing import Any

from archspec.errors import ShapeError
from archspec.ops import OPS, Shape
from archspec.ops.attributes import InvalidAttributes
from archspec.ops.fields import Examples
from archspec.ops.window import Windowed
from archspec.targets.templates import manifest

VECTOR = (6,)

USUAL: dict[str, dict[str, Any]] = {
    "conv": {"padding": "same", "bias": False},
    "depthwise_conv": {"padding": "same", "bias": False},
    "batch_norm": {"epsilon": 1e-4, "decay": 0.9},
    "layer_norm": {"epsilon": 1e-6},
}
"""The `defaults` of the networks."""

WINDOW = "kernel", "stride", "padding"


def examples(op: str) -> dict[str, tuple[Any, ...]]:
    """Values to try of each attribute, the usual one first."""
    return {
        name: [m.values for m in field.metadata if isinstance(m, Examples)][-1]
        for name, field in OPS[op].fields.items()
    }


def written(value: Any) -> str:
    """As YAML."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {written(v)}' for k, v in value.items())}}}"
    return json.dumps(value).replace('"', "")


def needed(op: str) -> dict[str, Any]:
    """The first examples of what has to be said; kernels, so that paddings matter."""
    fields = OPS[op].fields.items()
    given = {*OPS[op].fallbacks, *USUAL.get(op, ())}
    found = {n for n, f in fields if f.required} - given
    found |= {"kernel"} if issubclass(OPS[op], Windowed) else set()
    return {n: values[0] for n, values in examples(op).items() if n in found}


def built(op: str, attributes: dict[str, Any], shape: Shape) -> Any:
    """The op; None if it cannot read this shape."""
    values = {**USUAL.get(op, {}), **attributes}
    for name, fallback in OPS[op].fallbacks.items():
        known = {"channels": shape[0], "positions": prod(shape[1:])}
        values.setdefault(name, {**known, **values}[fallback])
    try:
        primitive = OPS[op](**values)
        primitive.infer(shape)
    except (InvalidAttributes, ShapeError):
        return None
    return primitive


def takes_vectors(op: str) -> bool:
    return "vector" in OPS[op].kinds


def makes_vectors(op: str) -> bool:
    """Of maps."""
    shape = OPS[op].sample
    return len(built(op, needed(op), shape).infer(shape)) == 1


def sets(op: str, *names: str) -> list[str]:
    """Attributes to try: each value of each, and of convolutions' windows every mix.

    With `names`, of these attributes only, and the mixes with `padding`.
    """
    every = examples(op)
    if op == "depthwise_conv":  # Keras wants equal strides
        every["stride"] = tuple(s for s in every["stride"] if isinstance(s, int))
    chosen = names or tuple(every)
    found = [{**needed(op), name: v} for name in chosen for v in every[name]]
    if OPS[op].linear and issubclass(OPS[op], Windowed) and "padding" in chosen:
        mixes = product(*(every[name] for name in WINDOW))
        found += [{**needed(op), **dict(zip(WINDOW, m, strict=True))} for m in mixes]
    fitting = (one for one in found or [{}] if built(op, one, OPS[op].sample))
    return list(dict.fromkeys(map(written, fitting)))


def is_precise(op: str, attributes: str) -> bool:
    """Whether Keras computes it in double precision on TensorFlow."""
    said = set(re.findall("[a-z_]+", attributes))
    fields = OPS[op].fields.items()
    values = said | {field.default for name, field in fields if name not in said}
    return values.isdisjoint(manifest("keras")["single_precision"])
