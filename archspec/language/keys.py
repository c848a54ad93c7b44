"""The keys that the parts of a document have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.errors import Diagnostic, Place, did_you_mean
from archspec.language.document import (
    Document,
    Figures,
    Input,
    Model,
    Preprocessing,
    Source,
)

PARTS: Mapping[str, type[Model]] = {
    "input": Input,
    "source": Source,
    "preprocessing": Preprocessing,
    "reported": Figures,
}
"""The parts with keys of their own, by their names."""

DOCUMENT = (*Document.model_fields, "extends", "variants")


def known_keys(path: Sequence[str]) -> list[str]:
    """What can stand in the mapping at `path`."""
    if not path:
        return [*DOCUMENT]
    model = PARTS.get(path[-1])
    return [*model.model_fields] if model else ["when", "repeat", "then", "from"]


def unknown_key(path: Sequence[str], place: Place) -> Diagnostic:
    """What is told (AS201) of the last key of `path`."""
    *above, key = path
    known = [name for name in known_keys(above) if name != key]
    help = did_you_mean(key, known) or f"there can be {', '.join(known)}"
    return Diagnostic("AS201", f"unknown key '{key}'", place, ".".join(path), help)
