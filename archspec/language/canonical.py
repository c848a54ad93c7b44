"""Shorthands spelled out, so that two documents can be merged key by key.

A layer becomes one of four mappings, each with its modifiers beside:

    {op, attributes: {NAME: value}}        a primitive or a block
    {op, branches: {NAME: {layers, ...}}}  add, multiply, concat; attention and the
                                           like have attributes besides
    {columns, rows, each: {OP: {...}}}     a table
    {again: NAME}                          an earlier layer once more

A multiplier becomes its value; `keep` has which of them are marked.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping

from archspec.errors import did_you_mean
from archspec.language.canonical_layers import CanonicalLayers, mapped, null_keys
from archspec.language.document import KEYS, PARTS, Input, Source
from archspec.language.parts import example, keys_of, unknown_key
from archspec.language.vocabulary import Vocabulary
from archspec.ops import JOINS
from archspec.reading.identifiers import definition
from archspec.reading.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Word,
    is_null,
    mappings,
    placed,
    words,
)

MULTIPLIER = ("value", "keep")
BLOCK = ("summary", "source", "extends", "arguments", "let", "residual", "layers")


def canonical_document(node: Node, vocabulary: Vocabulary) -> Mapping:
    """A document, or any part of one, with every shorthand spelled out."""
    document = vocabulary.mapping(node, "a spec")
    if "keep" in document.entries:
        key = next(key for key, _ in placed(document.entries) if key == "keep")
        vocabulary.faults.append(unknown_key((key,), KEYS))
        document = document.replaced(keep=None)
    _check_nulls(document, vocabulary)
    return Canonical(vocabulary.extended(document.get("blocks"))).document(document)


def canonical_block(node: Node, name: str, vocabulary: Vocabulary) -> Node:
    """A block with every shorthand spelled out; null stays null."""
    return Canonical(vocabulary).block(node, name)


def _check_nulls(document: Mapping, vocabulary: Vocabulary) -> None:
    """Unknown keys (AS201) whose value is null: merging drops them unread."""
    found = [((key,), KEYS) for key in null_keys(document)]
    for part, kind in PARTS.items():
        keys = tuple(keys_of(kind))
        found += [((part, key), keys) for key in null_keys(document.section(part))]
    unknown = ((path, keys) for path, keys in found if path[-1] not in keys)
    vocabulary.faults.extend(unknown_key(path, keys) for path, keys in unknown)


class Canonical(CanonicalLayers):
    """The parts of a document, each spelled out with the same vocabulary."""

    def document(self, document: Mapping) -> Mapping:
        changes: AbstractMapping[str, Callable[[Mapping], Mapping]] = {
            "multipliers": _multipliers,
            "define": self.definitions,
            "input": _input,
            "inputs": self.inputs,
            "blocks": self.blocks,
            "layers": self.layers,
            "defaults": self.defaults,
            "variants": self.variants,
        }
        changed = {
            key: changes[key](self.mapping(value, f"'{key}'", example(key)))
            for key, value in document.entries.items()
            if key in changes and not is_null(value)
        }
        if marks := self.marks(document.section("multipliers")):
            changed["keep"] = Mapping(marks, document.place)
        return document.replaced(**changed)

    def marks(self, multipliers: Mapping) -> dict[str, Node]:
        """`keep` of each multiplier that is a mapping."""
        kept: dict[str, Node] = {}
        for name, multiplier in mappings(multipliers):
            unknown = [
                key for key in words(multiplier.entries) if key not in MULTIPLIER
            ]
            paths = [("multipliers", name, key) for key in unknown]
            faults = (unknown_key(path, MULTIPLIER) for path in paths)
            self.vocabulary.faults.extend(faults)
            if (keep := multiplier.get("keep")) is not None:
                kept[name] = keep
        return kept

    def variants(self, variants: Mapping) -> Mapping:
        return mapped(variants, lambda v, _: canonical_document(v, self.vocabulary))

    def inputs(self, inputs: Mapping) -> Mapping:
        def one(node: Node, key: str) -> Mapping:
            help = f"for example, {key}: {{channels: 3, size: 224}}"
            image = self.mapping(node, f"'{key}'", help)
            self.check_nulls(image, ("inputs", key), tuple(keys_of(Input)))
            return _input(image)

        return mapped(inputs, one)

    def check_nulls(
        self, part: Mapping, above: tuple[str, ...], known: tuple[str, ...]
    ) -> None:
        """Unknown keys of a part (AS201) whose value is null."""
        unknown = [key for key in null_keys(part) if key not in known]
        faults = (unknown_key((*above, key), known) for key in unknown)
        self.vocabulary.faults.extend(faults)

    def blocks(self, blocks: Mapping) -> Mapping:
        return mapped(blocks, self.block)

    def block(self, node: Node, name: str) -> Node:
        block = self.mapping(node, f"block {name}")
        for key, _ in placed(block.entries):
            if key not in BLOCK:
                near = did_you_mean(key, BLOCK) or f"a block has {', '.join(BLOCK)}"
                message = f"unknown key '{key}' of block {name}"
                self.complain("AS201", message, key.place, near)
        above = ("blocks", name, "source")
        self.check_nulls(block.section("source"), above, tuple(keys_of(Source)))
        layers = block.get("layers")
        if layers is None:
            return block
        layers = self.mapping(layers, "'layers'", example("layers"))
        return block.replaced(layers=self.layers(layers))

    def defaults(self, defaults: Mapping) -> Mapping:
        """Ops with their attributes, joins with attributes among them."""
        return self.each(defaults, [name for name in JOINS if JOINS[name].roles])

    def definitions(self, define: Mapping) -> Mapping:
        """Definitions by their names, each with its parameters."""
        entries: dict[str, Node] = {}
        for key, body in placed(define.entries):
            found = definition(key)
            if found is None:  # which a static check has reported
                continue
            name, parameters = found
            if name in entries:
                self.complain("AS106", f"'{name}' is defined twice", key.place)
            items = tuple(Scalar(part, part, key.place) for part in parameters)
            whole = {"parameters": Sequence(items, key.place), "body": body}
            whole = body if is_null(body) else Mapping(whole, key.place)
            entries[Word(name, key.place)] = whole
        return Mapping(entries, define.place)


def _multipliers(multipliers: Mapping) -> Mapping:
    values = {
        name: value.get("value") if isinstance(value, Mapping) else value
        for name, value in multipliers.entries.items()
    }
    given = {name: value for name, value in values.items() if value is not None}
    return Mapping(given, multipliers.place)


def _input(image: Mapping) -> Mapping:
    size = image.get("size")
    if not isinstance(size, Scalar) or is_null(size):
        return image
    return image.replaced(size=Sequence((size, size), size.place))
