"""Where the weights of a spec come from: the source's own, or computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from archspec.importing.graph import Tensor

MOST = 4
"""Names that a note lists."""


def names(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """The source's name of each weight that is the source's own."""
    return {
        key: tensor.name
        for key, tensor in tensors.items()
        if tensor.name and not tensor.made_of
    }


def used(tensors: Iterable[Tensor]) -> set[str]:
    """The source's weights that are in a spec, or in what was computed from them."""
    return {name for tensor in tensors for name in (tensor.name, *tensor.made_of)}


def notes(tensors: Mapping[str, Tensor]) -> Iterator[str]:
    """Of the weights that the source does not have as they are."""
    computed = {key: each.made_of for key, each in tensors.items() if each.made_of}
    if computed:
        listed = [f"{key} (of {', '.join(of)})" for key, of in computed.items()]
        what = "weight is" if len(listed) == 1 else "weights are"
        known = shortened(listed, "; ")
        yield f"{len(listed)} {what} computed from others of the model: {known}"


def shortened(names: Sequence[str], between: str = ", ") -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - MOST} more" * (len(names) > MOST)
    return between.join(names[:MOST]) + more
