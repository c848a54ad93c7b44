"""Position embeddings of another image size, or of other tokens, than the spec's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isqrt, prod

from archspec.errors import WeightsError
from archspec.network import Network
from archspec.ops import Shape
from archspec.weights.adoption.uses import Part, Slot

OTHERS = 1
"""Layers that may differ besides: a classifier."""


def check_positions(
    network: Network, parts: Sequence[Part], units: Sequence[Slot]
) -> None:
    """Raise WeightsError (AS513) about an embedding whose positions differ.

    Mismatches of more layers are another network's.
    """
    ours, theirs = (Counter(s.signature for s in slots) for slots in (parts, units))
    missing = [part for part in parts if part.signature in ours - theirs]
    embeddings = [part for part in missing if part.layer.op == "position_embedding"]
    if len(embeddings) != 1 or len(missing) > 1 + OTHERS:
        return
    (part,) = embeddings
    positions, channels = _table(part)
    left = (unit for unit in units if unit.signature in theirs - ours)
    found = [unit for unit in left if _table(unit)[1:] == (channels,)]
    if len(found) != 1:
        return
    number, _ = _table(found[0])
    message = (
        f"'{found[0].name}' has {number} positions, but '{part.name}' has {positions}"
    )
    help = _advice(network, part, number)
    raise WeightsError.single("AS513", message, help=help)


def _table(slot: Slot) -> Shape:
    """The shape of the only weight, (positions, channels) of an embedding."""
    (_, shape), *others = slot.signature
    return () if others or len(shape) != 2 else shape


def _advice(network: Network, part: Part, number: int) -> str:
    """Another size of the image, another place of the embedding, or both."""
    tokens = (layer.inputs[0] for layer in network.layers if layer.op == "tokens")
    (_, height, width) = next(tokens, (0, 1, 1))
    positions = prod(part.layer.inputs[0][1:])
    own = positions - height * width
    sizes = {extra: isqrt(max(number - extra, 0)) for extra in (own, 0, 1)}
    fitting = [e for e, side in sizes.items() if number - e == side**2 and side]
    if height != width or not fitting:
        return (
            "set input.size to the image size of the checkpoint, or interpolate the "
            "embedding in the file"
        )
    extra = next((e for e in fitting if sizes[e] == height), fitting[0])
    parts: list[str] = []
    if extra != own:
        place = "before" if extra < own else "after"
        parts.append(f"write 'position_embedding' {place} 'prefix_tokens'")
    if sizes[extra] != height:
        size = network.image[1] * sizes[extra] // height
        parts.append(
            f"--set input.size={size} reads images of the checkpoint's size; for "
            "others, interpolate the embedding in the file"
        )
    return "; ".join(parts)
