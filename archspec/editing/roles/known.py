"""The names that documents define."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import NamedTuple

from archspec.editing.part import Part
from archspec.editing.vocabulary import Ops
from archspec.language.fields import INPUT
from archspec.reading.identifiers import definition

_NAME = re.compile(r"[A-Za-z_]\w*")


class Symbol(NamedTuple):
    """Something with a name; `owner` is the block, table or function that it is of."""

    kind: str
    name: str
    owner: str = ""


class Known(NamedTuple):
    """A document after those that it builds on, and the ops that it can name."""

    documents: tuple[Part, ...]
    ops: Ops

    def section(self, *path: str) -> Iterator[tuple[Part, Part | None]]:
        """The entries of a mapping in each of the documents."""
        return entries_at(self.documents, path)

    def outermost(self) -> Iterator[Symbol]:
        """The names that expressions see anywhere in the document."""
        for key, _ in self.section("multipliers"):
            yield Symbol("multiplier", key.text)
        for key, _ in self.section("define"):
            yield from (Symbol("definition", name.text) for name in signature(key)[:1])

    def layer(self, block: str, name: str) -> Part | None:
        """A layer of the document or of an own block, as its base has it."""
        entries = self.section(*layers_path(block))
        found = [v for k, v in entries if k.text == name and v is not None]
        return found[-1] if found else None

    def argument(self, block: str, name: str, kind: str = "argument") -> Symbol:
        """An argument or `let`, of the block that has it first."""
        section = "arguments" if kind == "argument" else kind
        return Symbol(kind, name, self.ops.origin(block, section, name))

    def inputs(self) -> tuple[Symbol, ...]:
        """The images."""
        names = [key.text for key, _ in self.section("inputs")] or [INPUT]
        return tuple(Symbol("input", name) for name in names)

    def tensors(self, block: str) -> tuple[Symbol, ...]:
        """All layers and rows of the document or of a block."""
        entries = self.section(*layers_path(block))
        found = (tensors_of(key.text, layer, block) for key, layer in entries)
        return tuple(symbol for own in found for symbol in own)


def layers_path(block: str) -> tuple[str, ...]:
    """The keys that lead to the layers of a block, or of the document."""
    return ("blocks", block, "layers") if block else ("layers",)


def tensors_of(name: str, layer: Part | None, block: str) -> tuple[Symbol, ...]:
    """A layer and the rows of a table, as later layers can name them."""
    rows = layer.get("rows") if layer is not None else None
    names = [] if rows is None else rows.keys or map(str, range(len(rows.items)))
    own = Symbol("layer", name, block)
    return (own, *(Symbol("row", row, f"{block}/{name}") for row in names))


def entries_at(
    roots: Iterable[Part], path: tuple[str, ...]
) -> Iterator[tuple[Part, Part | None]]:
    """The entries of the mappings at a path in some documents."""
    for root in roots:
        yield from reduce(Part.section, path, root).entries


def columns_of(table: Part) -> list[str]:
    """The columns of a table; a patch of one has them as keys."""
    columns = table.get("columns")
    if columns is None:
        return []
    return columns.keys or [item.text for item in columns.items]


def signature(key: Part) -> list[Part]:
    """The name of a definition and its parameters, each with its place."""
    if definition(key.text) is None:
        return []
    start = key.start + (1 if key.quoted else 0)
    return [
        Part("scalar", start + match.start(), start + match.end(), match[0])
        for match in _NAME.finditer(key.text)
    ]
