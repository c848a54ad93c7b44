"""Kinds of tensors: what their shapes mean, and how messages and tables write them.

Shapes omit the batch and have channels first. Besides channels, a tensor has no, one or
two axes of positions.

    vector        (channels,)
    sequence      (channels, positions)
    feature map   (channels, height, width)
"""

from collections.abc import Sequence
from typing import Literal

from archspec.errors import ShapeError

Shape = tuple[int, ...]
Kind = Literal["vector", "sequence", "feature map"]

KINDS: tuple[Kind, ...] = ("vector", "sequence", "feature map")
"""By the number of axes of positions, the rank."""

_ADVICE: dict[tuple[Kind, Kind], str] = {
    ("vector", "feature map"): (
        "'global_avg_pool' and 'flatten' return vectors; "
        "'global_avg_pool: {keep_size: true}' returns a 1x1 feature map"
    ),
    ("sequence", "feature map"): "'to_map' turns a sequence into a feature map",
    ("feature map", "sequence"): "'tokens' turns a feature map into a sequence",
    ("vector", "sequence"): "'take' and 'global_avg_pool' return vectors",
}
"""Help, by the kind that came and the kind that is needed."""
_NEEDED: dict[Kind, str] = {
    "vector": "a vector (channels)",
    "sequence": "a sequence (channels, positions)",
    "feature map": "a feature map (channels, height, width)",
}


def rank(shape: Shape) -> int:
    """The number of axes of positions: 0, 1 or 2."""
    return len(shape) - 1


def kind(shape: Shape) -> Kind:
    """What tensors of this shape are."""
    return KINDS[rank(shape)]


def is_map(shape: Shape) -> bool:
    """Whether it is the shape of a feature map."""
    return len(shape) == 3


def is_sequence(shape: Shape) -> bool:
    """Whether it is the shape of a sequence."""
    return len(shape) == 2


def by(shape: Shape) -> str:
    """32x112x112."""
    return "x".join(map(str, shape))


def described(shape: Shape) -> str:
    """In words: a vector of 10, a sequence of 192x197."""
    return f"a {kind(shape)} of {by(shape)}"


def check_kind(op: str, shape: Shape, kinds: Sequence[Kind]) -> None:
    """Raise ShapeError if an op gets a tensor of another kind than those it takes.

    The message asks for the first of them.
    """
    found, needed = kind(shape), kinds[0]
    if found in kinds:
        return
    message = f"{op} needs {_NEEDED[needed]}, but its input is {described(shape)}"
    raise ShapeError(message, _ADVICE.get((found, needed), ""))
