"""Norms and scales as nodes."""

from __future__ import annotations

from math import prod

from archspec.ops.normalization import (
    BatchNorm,
    GlobalResponseNorm,
    GroupNorm,
    LayerNorm,
    LayerScale,
    Normalize,
    RmsNorm,
    ScalarAffine,
)
from archspec.targets.onnx.graph import Site


def batch_norm(site: Site, op: BatchNorm) -> None:
    """`BatchNormalization` by the moving statistics, whose channels are axis 1."""
    statistics = map(site.weight, ("mean", "variance"))
    weights = (*_scale_and_shift(site, op), *statistics)
    if not site.of_sequences:
        site.end("BatchNormalization", *site.inputs, *weights, epsilon=op.epsilon)
        return
    first = site.part("channels_first", "Transpose", *site.inputs, perm=(0, 2, 1))
    normal = site.part(
        "normal", "BatchNormalization", first, *weights, epsilon=op.epsilon
    )
    site.end("Transpose", normal, perm=(0, 2, 1))


def _scale_and_shift(site: Site, op: BatchNorm | LayerNorm) -> tuple[str, str]:
    """Both, as the node requires them: 1 and 0 for what the norm does without."""
    channels = site.layer.output[0]
    return (
        site.weight("scale") if op.scale else site.fill(1.0, channels),
        site.weight("shift") if op.shift else site.fill(0.0, channels),
    )


def _end_scaled(site: Site, normal: str, *, scale: bool, shift: bool = False) -> None:
    """The scale and the shift as nodes of their own, as far as the norm has them."""
    if scale and shift:
        normal = site.part("scaled", "Mul", normal, site.weight("scale", site.along))
    if shift:
        site.end("Add", normal, site.weight("shift", site.along))
    elif scale:
        site.end("Mul", normal, site.weight("scale", site.along))
    else:
        site.end("Identity", normal)


def layer_norm(site: Site, op: LayerNorm) -> None:
    """`LayerNormalization`, which wants the channels last."""
    weights = _scale_and_shift(site, op)
    if not site.of_maps:
        site.end("LayerNormalization", *site.inputs, *weights, epsilon=op.epsilon)
        return
    last = site.part("channels_last", "Transpose", *site.inputs, perm=(0, 2, 3, 1))
    normal = site.part(
        "normal", "LayerNormalization", last, *weights, epsilon=op.epsilon
    )
    site.end("Transpose", normal, perm=(0, 3, 1, 2))


def group_norm(site: Site, op: GroupNorm) -> None:
    """`InstanceNormalization` of the groups; `GroupNormalization` came with set 21."""
    (x,), (channels, *size) = site.inputs, site.layer.output
    each = op.groups, channels // op.groups * prod(size)
    if site.of_sequences:
        x = site.part("channels_first", "Transpose", x, perm=(0, 2, 1))
    groups = site.part("groups", "Reshape", x, site.whole(0, *each))
    ones, zeros = site.fill(1.0, op.groups), site.fill(0.0, op.groups)
    normal = site.part(
        "normal", "InstanceNormalization", groups, ones, zeros, epsilon=op.epsilon
    )
    whole = site.part("whole", "Reshape", normal, site.whole(0, channels, *size))
    if site.of_sequences:
        whole = site.part("channels_last", "Transpose", whole, perm=(0, 2, 1))
    _end_scaled(site, whole, scale=op.scale, shift=op.shift)


def rms_norm(site: Site, op: RmsNorm) -> None:
    """The formula; `RMSNormalization` came with set 23, and wants the channels last."""
    (x,) = site.inputs
    squares = site.part("squares", "Mul", x, x)
    mean = site.part("mean", "ReduceMean", squares, site.whole(site.channels))
    biased = site.part("biased", "Add", mean, site.number(op.epsilon))
    root = site.part("root", "Sqrt", biased)
    normal = site.part("normal", "Div", x, root)
    _end_scaled(site, normal, scale=op.scale)


def global_response_norm(site: Site, op: GlobalResponseNorm) -> None:
    """The formula, from `ReduceL2` on."""
    (x,) = site.inputs
    norms = site.part("norms", "ReduceL2", x, site.whole(*site.positions))
    mean = site.part("mean", "ReduceMean", norms, site.whole(site.channels))
    biased = site.part("biased", "Add", mean, site.number(op.epsilon))
    gains = site.part("gains", "Div", norms, biased)
    factors = site.part("factors", "Mul", gains, site.weight("scale", site.along))
    scaled = site.part("scaled", "Mul", x, factors)
    shifted = site.part("shifted", "Add", x, site.weight("shift", site.along))
    site.end("Add", shifted, scaled)


def layer_scale(site: Site, _: LayerScale) -> None:
    """`Mul` by a factor for each channel."""
    site.end("Mul", *site.inputs, site.weight("scale", site.along))


def scalar_affine(site: Site, op: ScalarAffine) -> None:
    """`Mul` and `Add` by one number each."""
    scale = site.weight("scale")
    if not op.bias:
        site.end("Mul", *site.inputs, scale)
        return
    scaled = site.part("scaled", "Mul", *site.inputs, scale)
    site.end("Add", scaled, site.weight("bias"))


def normalize(site: Site, op: Normalize) -> None:
    """`Sub` and `Div`."""
    centred = site.part("centred", "Sub", *site.inputs, site.each("mean", op.mean))
    site.end("Div", centred, site.each("std", op.std))
