"""Specs of few words, and networks of many layers beside each other."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from archspec.ops import OPS

USUAL = {
    "archspec": "1",
    "name": "Net",
    "input": "{channels: 6, size: [9, 12]}",
    "classes": "5",
    "defaults": """
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-4, decay: 0.9}
  layer_norm: {epsilon: 1e-6}
  activation: relu""",
}

VECTOR = "pool: global_avg_pool"
SEQUENCE = "sequence: tokens"


def layers_of(op: str, every: Iterable[str]) -> list[str]:
    return [f"{{{op}: {attributes}}}" for attributes in every]


def image_of(op: str) -> str:
    """The line of a spec whose images suit the op."""
    channels, *size = OPS[op].sample
    size = [3, prod(size) // 3] if len(size) == 1 else size
    return f"input: {{channels: {channels}, size: {size}}}\n"


def before(op: str) -> str:
    """The line of a layer that makes a sequence of the image, if the op reads one."""
    return SEQUENCE if "feature map" not in OPS[op].kinds else ""


def beside(layers: Iterable[str], before: str = "") -> str:
    """A network whose layers all read the image, or one that stands before them.

    It has an output for each, by its number.
    """
    source = before.partition(":")[0] or "input"
    lines, names = [f"  {before}"] if before else [], []
    for number, layer in enumerate(layers):
        body = layer[1:-1] if layer.startswith("{") else f"{layer}: ~"
        names.append(f"it{number}")
        lines.append(f"  it{number}: {{{body}, from: {source}}}")
    outputs = ", ".join(f"{name}: {name}" for name in names)
    return "\n".join(["layers:", *lines, f"outputs: {{{outputs}}}"])


def complete(text: str) -> str:
    """The rest of a spec, whose keys win over the usual ones, with these."""
    given = f"\n{text}"
    lines = [f"{k}: {v}" for k, v in USUAL.items() if f"\n{k}:" not in given]
    return "\n".join([*lines, text])
