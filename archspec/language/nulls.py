"""Unknown names that say null: merging drops nulls, and would hide them."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.errors import Diagnostic
from archspec.language.attributes import unknown_attribute
from archspec.language.keys import PARTS, known_keys, unknown_key
from archspec.language.layers import mappings, placed_layers
from archspec.language.vocabulary import Vocabulary
from archspec.reading.nodes import Mapping, is_null, text_of


def null_faults(document: Mapping, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    """Keys (AS201) and attributes (AS204) of a canonical document and its variants."""
    vocabulary = vocabulary.extended(document.get("blocks"))
    yield from _keys(document)
    for part in PARTS:
        yield from _keys(document.section(part), part)
    for _, body in [("", document), *mappings(document.section("blocks"))]:
        for op, attributes in _given(body):
            yield from _unknown(op, attributes, vocabulary)
    for _, variant in mappings(document.section("variants")):
        yield from null_faults(variant, vocabulary)


def _keys(part: Mapping, *path: str) -> Iterator[Diagnostic]:
    for key in _nulls(part):
        if key not in known_keys(path):
            yield unknown_key((*path, key), part.place_of(key))


def _given(body: Mapping) -> Iterator[tuple[str, Mapping]]:
    """The ops in a document or block, and what is given to them."""
    yield from mappings(body.section("defaults"))
    for _, layer, _ in placed_layers(body.section("layers")):
        yield text_of(layer.get("op")) or "", layer.section("attributes")
        yield from mappings(layer.section("each"))


def _unknown(
    op: str, attributes: Mapping, vocabulary: Vocabulary
) -> Iterator[Diagnostic]:
    if not vocabulary.has(op):
        return
    known = vocabulary.attributes(op)
    for name in _nulls(attributes):
        if name not in known:
            yield unknown_attribute(op, name, attributes.place_of(name), known)


def _nulls(part: Mapping) -> list[str]:
    return [key for key, value in part.entries.items() if is_null(value)]
