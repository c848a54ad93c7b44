"""What a document defines, and nothing uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from archspec.analysis.lint.names import mentioned
from archspec.errors import WARNING, Diagnostic, Place
from archspec.language import Block, Document, Layer, Table
from archspec.language.layers import mappings
from archspec.language.names import inner_ops
from archspec.network import Network
from archspec.reading.nodes import Mapping as Tree
from archspec.reading.nodes import Sequence as Items
from archspec.reading.nodes import text_of

CODES = {
    "argument": "AS221",
    "block": "AS222",
    "definition": "AS223",
    "multiplier": "AS224",
    "column": "AS225",
}


class Defined(NamedTuple):
    """A name, and what has it: a block, a table of it, or the document."""

    kind: str
    owner: str
    name: str


def unused_warnings(networks: Sequence[Network]) -> Iterator[Diagnostic]:
    """What none of the networks uses (AS221 to AS225)."""
    places: dict[Defined, Place] = {}
    used: set[Defined] = set()
    for network in networks:
        tree, document = network.spec.tree, network.document
        places |= _of_document(tree)
        places |= _of_blocks(tree)
        used |= _uses(document) | _called(document, tree)
    for found, place in places.items():
        if found not in used:
            owner = f" of {found.owner}" if found.owner else ""
            message = f"nothing uses the {found.kind} '{found.name}'{owner}"
            help = "leave it out, or use it"
            yield Diagnostic(
                CODES[found.kind], message, place, help=help, severity=WARNING
            )


def _of_document(tree: Tree) -> dict[Defined, Place]:
    return {
        **_named("multiplier", "", tree.section("multipliers")),
        **_named("definition", "", tree.section("define")),
        **_named("block", "", tree.section("blocks")),
        **_columns("", tree.section("layers")),
    }


def _of_blocks(tree: Tree) -> dict[Defined, Place]:
    found: dict[Defined, Place] = {}
    for name, block in mappings(tree.section("blocks")):
        owner = f"block {name}"
        found |= _named("argument", owner, block.section("arguments"))
        found |= _named("definition", owner, block.section("let"))
        found |= _columns(name, block.section("layers"))
    return found


def _named(kind: str, owner: str, section: Tree) -> dict[Defined, Place]:
    return {Defined(kind, owner, n): section.place_of(n) for n in section.entries}


def _columns(block: str, layers: Tree) -> dict[Defined, Place]:
    """The columns of tables, which stand in no branch."""
    return {
        Defined("column", _table(block, name), text): item.place
        for name, layer in mappings(layers)
        if isinstance(columns := layer.get("columns"), Items)
        for item in columns.items
        if (text := text_of(item)) is not None
    }


def _table(block: str, name: str) -> str:
    return f"block {block}, table {name}" if block else f"table {name}"


def _uses(document: Document) -> set[Defined]:
    own = [block for block in document.blocks.values() if not block.standard]
    outer = mentioned([document.input, document.layers, document.defaults, own])
    for definition in document.define.values():
        outer |= mentioned(definition)
    used = {Defined("multiplier", "", name) for name in outer}
    used |= {Defined("definition", "", name) for name in outer}
    used |= _used_columns("", document.layers)
    for block in own:
        used |= _inside(block)
    return used


def _inside(block: Block) -> set[Defined]:
    owner = f"block {block.name}"
    inner = mentioned(block)
    used = {
        Defined(kind, owner, n) for kind in ("argument", "definition") for n in inner
    }
    return used | _used_columns(block.name, block.layers)


def _used_columns(block: str, layers: Mapping[str, Layer]) -> set[Defined]:
    return {
        Defined("column", _table(block, name), column)
        for name, layer in layers.items()
        if isinstance(layer, Table)
        for column in {"op", *mentioned([layer.each, layer.then, layer.repeat])}
    }


def _called(document: Document, tree: Tree) -> set[Defined]:
    """The blocks that layers reach, and those that others extend."""
    waiting = [*inner_ops(document.layers)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        block = document.blocks.get(name)
        if name not in found and block is not None:
            found.add(name)
            waiting += inner_ops(block.layers)
    for _, block in mappings(tree.section("blocks")):
        found.add(text_of(block.get("extends")) or "")
    return {Defined("block", "", name) for name in found}
